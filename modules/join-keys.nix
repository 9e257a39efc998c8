# Keys for the machines that are to join the mesh. Only Headscale makes them, and it runs inside of the primer's k3s.
{
  config,
  lib,
  pkgs,
  utils,
  ...
}:
let
  inherit (lib) mkOption types;
  cluster = config.services.manifestgen;
  cfg = config.cluster.joinKeys;
  inherit (cluster) facts;
  headscale = facts.headscale or { };
  members = lib.filterAttrs (
    _: node: node.mesh.type or null == "tailscale" && !node.mesh.joinedByK3s
  ) (facts.nodes or { });
  others = lib.attrNames (removeAttrs members [ cluster.nodeName ]);
  isInMesh = members ? ${cluster.nodeName};
  missing = lib.filter (name: !(cfg.recipients ? ${name})) others;
  unknown = lib.subtractLists others (lib.attrNames cfg.recipients);
  # Where the cluster file names them for secrets, they are not to be named again.
  hostKeys = lib.concatMapAttrs (
    name: node:
    lib.optionalAttrs (node.hostKeys != [ ]) {
      # The SSH key that `cluster.mesh.identityFile` is by default.
      ${name} = lib.mkDefault (
        lib.findFirst (lib.hasPrefix "ssh-ed25519 ") (lib.head node.hostKeys) node.hostKeys
      );
    }
  ) (removeAttrs members [ cluster.nodeName ]);
  mint = pkgs.writeShellApplication {
    name = "cluster-join-keys";
    runtimeInputs = [
      pkgs.age
      pkgs.coreutils
      pkgs.curl
      pkgs.findutils
      pkgs.gnugrep
      pkgs.jq
      # Not k3s' own, which unpacks itself into a home before it runs.
      pkgs.kubectl
    ];
    text = builtins.readFile ./scripts/join-keys.sh;
  };
in
{
  options.cluster.joinKeys = {
    enable = mkOption {
      type = types.bool;
      default = config.cluster.primer.enable && headscale != { } && members != { };
      defaultText = lib.literalMD "on the primer, when it runs Headscale and a node has `mesh.type = \"tailscale\"`";
      example = false;
      description = ''
        Whether this machine makes a key for every node that is to join the mesh and has not yet, once Headscale is
        healthy. A key serves once, and for as long as `expiration` says; one that has expired is made anew. The keys lie
        encrypted in {file}`/var/lib/cluster-join-keys/NAME.age`, from where you bring them to the nodes.
      '';
    };

    recipients = mkOption {
      type = types.attrsOf types.str;
      default = { };
      example = {
        worker = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI… root@worker";
      };
      description = ''
        The public key of each node: its SSH host key ({command}`ssh-keyscan -t ed25519 NAME`) or an age recipient
        (`age1…`). Only that node can read its key. By default the first of the node's `hostKeys` in the cluster file, an
        `ssh-ed25519` one before others.
      '';
    };

    user = mkOption {
      type = types.strMatching "[a-z][-a-z0-9]*";
      default = "cluster";
      description = "The user of Headscale that the nodes belong to; made when it is not there.";
    };

    tags = mkOption {
      type = types.listOf (types.strMatching "tag:[a-z][-a-z0-9]*");
      default = [ ];
      example = [ "tag:node" ];
      description = "Tags that the nodes get. Each needs an owner in `headscale.policy.tagOwners` of the cluster file.";
    };

    expiration = mkOption {
      type = types.ints.positive;
      default = 24;
      description = "How many hours a key can be used.";
    };
  };

  config = lib.mkIf cfg.enable {
    cluster.joinKeys.recipients = hostKeys;
    assertions = [
      {
        assertion = headscale != { };
        message = "cluster.joinKeys: there is no Headscale to make keys: add `headscale = { }` to the cluster file";
      }
      {
        assertion = headscale != { } -> headscale ? health;
        message = "cluster.joinKeys: this machine cannot reach Headscale: give its Service the type `NodePort`, or set `headscale.serverUrl`";
      }
      {
        assertion = missing == [ ];
        message = "cluster.joinKeys: no public key to encrypt the key of ${lib.concatStringsSep ", " missing} with: set `cluster.joinKeys.recipients.NAME`, or `hostKeys` in its entry of `nodes`, to what `ssh-keyscan -t ed25519 NAME` says, without the name in front";
      }
      {
        assertion = unknown == [ ];
        message = "cluster.joinKeys: `recipients` has ${lib.concatStringsSep ", " unknown}, and no other node of that name has `mesh.type = \"tailscale\"`";
      }
      {
        # What a policy in Headscale's database says is not known here.
        assertion = headscale ? policy -> lib.subtractLists headscale.policy.tags cfg.tags == [ ];
        message = "cluster.joinKeys: Headscale refuses a tag without an owner: add each of ${lib.concatStringsSep ", " cfg.tags} to `headscale.policy.tagOwners`";
      }
    ];

    systemd.services.cluster-join-keys = {
      description = "Keys for nodes that are to join the mesh";
      documentation = [ "https://github.com/manifestgen/manifestgen/blob/main/docs/NIX.md" ];
      wantedBy = [ "multi-user.target" ];
      wants = [ "manifestgen-apply.service" ];
      after = [
        "k3s.service"
        "manifestgen-apply.service"
      ];
      # Keys expire.
      startAt = "hourly";
      startLimitIntervalSec = 0;
      environment = {
        KUBECONFIG = "%d/kubeconfig";
        HEALTH_URL = headscale.health or "";
        HEADSCALE = "kubectl --namespace=${headscale.namespace or ""} exec deployment/headscale --container=headscale -- headscale";
        HEADSCALE_USER = cfg.user;
        TAGS = lib.concatStringsSep "," cfg.tags;
        EXPIRATION_HOURS = toString cfg.expiration;
        SELF = lib.optionalString isInMesh cluster.nodeName;
      };
      serviceConfig = import ./hardening.nix // {
        Type = "oneshot";
        ExecStart = utils.escapeSystemdExecArgs (
          [ (lib.getExe mint) ] ++ map (name: "${name}=${cfg.recipients.${name} or ""}") others
        );
        LoadCredential = [ "kubeconfig:${cluster.node.kubeconfig}" ];
        StateDirectory = "cluster-join-keys";
        StateDirectoryMode = "0700";
        RuntimeDirectory = "cluster-join-keys";
        RuntimeDirectoryMode = "0700";
        RuntimeDirectoryPreserve = true;
        Restart = "on-failure";
        RestartSec = 15;
        TimeoutStartSec = "15min";
      };
    };
  };
}

# The cluster file, and what is made of it for this machine.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.manifestgen;
  manifests = import ../nix/manifests.nix { inherit lib; };
  inherit (cfg) facts node;
  usable = cfg.index != null && facts.form or null == form;
  # What `manifestgen render --format nix` says of its form.
  form = 1;
  write = "`nix eval --json --file cluster.nix >cluster.json && manifestgen render -c cluster.json${
    lib.optionalString (cfg.profile != null) " --profile ${cfg.profile}"
  } --format nix -o cluster-index.nix`";
  # As containerd has them: `redis:8` is docker.io/library/redis:8.
  short = image: lib.removePrefix "library/" (lib.removePrefix "docker.io/" image);
  carried = map (image: short "${image.imageName}:${image.imageTag}") (
    lib.filter (image: image ? imageName && image ? imageTag) cfg.images
  );
  lacking = lib.filter (image: !lib.elem (short image) carried) (
    facts.images or [ ] ++ node.images or [ ]
  );
in
{
  options.services.manifestgen = {
    enable = lib.mkEnableOption "this machine as a node of the cluster that `services.manifestgen.settings` describes";

    package = lib.mkPackageOption pkgs "manifestgen" { };

    settings = mkOption {
      type = (pkgs.formats.json { }).type;
      default = { };
      example = lib.literalExpression ''
        {
          cluster.name = "home";
          nodes = [
            { name = "primer"; role = "server"; address = "192.168.1.10"; }
            { name = "worker"; address = "192.168.1.11"; }
          ];
          headscale = { };
        }
      '';
      description = ''
        The cluster file, key by key as in `cluster.yaml`: {command}`manifestgen explain` says what each means.
        {command}`manifestgen validate` reads it while the system is built, and a mistake stops the build.
        All machines of a cluster take the same value. `lib.importJSON ./cluster.json` reads a file, which the
        command line takes as it is (`manifestgen render -c cluster.json`).

        It ends up in the store, which everybody can read. The cluster file holds names and paths of secrets, never
        secrets themselves.
      '';
    };

    profile = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "primer";
      description = "The profile that `settings` is laid over: a built-in one, or one of its own `profiles`.";
    };

    index = mkOption {
      type = types.nullOr types.path;
      default = null;
      example = lib.literalExpression "./cluster-index.nix";
      description = ''
        The file that {command}`manifestgen render --format nix` makes of the cluster file, committed beside it: names,
        addresses, ports and secrets of the machines, with all defaults filled in. The modules read it because nothing of
        the rendered release can be read before it is built. The build of a machine stops when it is not what the cluster
        file says.
      '';
    };

    nodeName = mkOption {
      type = types.str;
      default = config.networking.hostName;
      defaultText = lib.literalExpression "config.networking.hostName";
      example = "worker1";
      description = "Which entry of `nodes` in the cluster file this machine is.";
    };

    nodeInterfaces = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "eth1" ];
      description = ''
        Network interfaces by which this machine reaches the other nodes. The firewall lets what nodes say to each
        other in there and nowhere else: flannel's packets (VXLAN, udp 8472, has no protection of its own), the kubelet
        (tcp 10250), and what servers and k3s' registry mirror need. The mesh's interface is among them by itself.
      '';
    };

    openFirewall = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = ''
        Whether the firewall lets everybody reach what the cluster file makes reachable: the API of a server (tcp 6443),
        Headscale on the primer (tcp 30080, udp 30478), the ingress controller where it has ports on nodes. SSH is
        opened by `services.openssh.openFirewall`. `false` closes the API alone: kube-proxy forwards what comes to
        NodePorts before this firewall sees it. Those are restricted by the type `ClusterIP`, a NetworkPolicy, or
        kube-proxy's `nodeport-addresses`.
      '';
    };

    images = mkOption {
      type = types.listOf types.package;
      default = [ ];
      example = lib.literalExpression "[ config.services.k3s.package.airgap-images ]";
      description = ''
        Container images that k3s imports before it starts, for machines without a registry in reach. The name of an
        image's file must be unique: equal names replace each other without a word. {command}`manifestgen explain images`
        says how the release is made to use them.
      '';
    };

    offline = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = ''
        Whether this machine reaches no registry. The build then stops when an image of the release is not among `images`,
        each made by `dockerTools`. What an archive of several images holds, such as k3s' own, is not seen.
      '';
    };

    configFile = mkOption {
      type = types.path;
      readOnly = true;
      default = manifests.writeConfig pkgs cfg.settings;
      defaultText = lib.literalMD "`settings`, written to the store";
      description = "The cluster file in the store.";
    };

    manifests = mkOption {
      type = types.package;
      readOnly = true;
      default = manifests.mkManifests {
        inherit pkgs;
        manifestgen = cfg.package;
        inherit (cfg) configFile index profile;
        name = facts.cluster or "cluster";
      };
      defaultText = lib.literalMD "what {command}`manifestgen render --format dir` makes of `settings`";
      description = "The rendered release: `objects/`, and the files of each node in `nodes/NAME/`.";
    };

    # What the other modules read. Nothing here is to be set.
    facts = mkOption {
      type = types.raw;
      internal = true;
      readOnly = true;
      default = if cfg.index == null then { } else import cfg.index;
      description = "The index.";
    };
    node = mkOption {
      type = types.raw;
      internal = true;
      readOnly = true;
      default = facts.nodes.${cfg.nodeName} or { };
      description = "What the index says of this machine.";
    };
    isPrimer = mkOption {
      type = types.bool;
      internal = true;
      readOnly = true;
      default = node != { } && facts.primer or null == cfg.nodeName;
      description = "Whether this machine starts the cluster.";
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.index != null;
        message = "services.manifestgen: the modules read an index of the machines: ${write}, `git add` it, and set `services.manifestgen.index = ./cluster-index.nix`";
      }
      {
        assertion = cfg.index == null || usable;
        message = "services.manifestgen: ${toString cfg.index} is no index of form ${toString form}, as this version of manifestgen writes it: ${write}";
      }
      {
        assertion = !usable || node != { };
        message =
          "services.manifestgen: the index has no node `${cfg.nodeName}`"
          + (
            if facts.nodes == { } then
              ": list the machines of the cluster in `nodes`, and write the index anew: ${write}"
            else
              ": set `networking.hostName` or `services.manifestgen.nodeName` to one of ${lib.concatStringsSep ", " (lib.attrNames facts.nodes)}, or list it in `nodes` and write the index anew: ${write}"
          );
      }
      {
        assertion = !cfg.offline || lacking == [ ];
        message = "services.manifestgen: `offline` is set, and nothing in `images` brings ${lib.concatStringsSep ", " lacking}";
      }
    ];
    environment.systemPackages = [ cfg.package ];
    warnings =
      lib.optional
        (
          lib.length (lib.attrNames (facts.nodes or { })) > 1
          && cfg.nodeInterfaces == [ ]
          && config.networking.firewall.enable
          && node != { }
        )
        "services.manifestgen: the firewall of `${cfg.nodeName}` lets in nothing that the other nodes say: set `services.manifestgen.nodeInterfaces` to the interface by which it reaches them, such as `eth0`, or `networking.firewall.enable = false`";
    # A machine with a mistake in its cluster file, or with an index that is behind it, is not built.
    system.checks = [ cfg.manifests ];
  };
}

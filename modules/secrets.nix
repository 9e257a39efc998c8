# The cluster file's secrets: agenix decrypts them on each node, and the primer brings them into the cluster, past the
# store, arguments and logs.
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
  cfg = config.cluster.secrets;
  manifests = import ../nix/manifests.nix { inherit lib; };
  inherit (cluster) facts node nodeName;

  declared = facts.secretFiles or [ ];
  at = file: cfg.folder + "/../${file}";
  decrypted = lib.optionalAttrs (cfg.folder != null) (
    lib.mapAttrs (_: secret: secret // { file = at secret.file; }) (node.secrets or { })
  );
  absent = lib.filter (file: !lib.pathExists (at file)) declared;
  delivered = facts.deliveredSecrets or [ ];
  delivers = cfg.deliver.enable && delivered != [ ] && cfg.folder != null;
  needed = delivered ++ [ "index-key" ];
  unreadable = lib.filter (name: !(decrypted ? ${name})) needed;

  # The cluster file with the encrypted files beside it, as the command wants them. Nothing of it is decrypted.
  files = pkgs.linkFarm "cluster-secrets" (
    {
      "cluster.yaml" = cluster.configFile;
      "secrets" = cfg.folder;
    }
    // lib.genAttrs (lib.filter (file: !lib.hasPrefix "secrets/" file) declared) at
  );
  deliver = pkgs.writeShellApplication {
    name = "manifestgen-secrets";
    runtimeInputs = [
      cluster.package
      pkgs.coreutils
      # Not k3s' own, which unpacks itself into a home before it runs.
      pkgs.kubectl
    ];
    text = builtins.readFile ./scripts/deliver-secrets.sh;
  };
in
{
  options.cluster.secrets = {
    folder = mkOption {
      type = types.nullOr types.path;
      default = null;
      example = lib.literalExpression "./secrets";
      description = ''
        The folder {file}`secrets` beside the cluster file, which {command}`manifestgen secret` writes. What this machine is
        to decrypt becomes its `age.secrets`. All machines of a cluster take the same value. A path, not a string: what it names comes to the store, encrypted as it is.
      '';
    };

    deliver = {
      enable = mkOption {
        type = types.bool;
        default = config.cluster.primer.enable or false;
        defaultText = lib.literalMD "on the primer";
        example = false;
        description = ''
          Whether this machine brings secrets into the cluster ({command}`manifestgen secret deliver`): before the release is
          applied, and whenever an encrypted file has changed. Workloads that use what changed get new pods; Secrets that
          left the cluster file are deleted.
        '';
      };
      arguments = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "--force-conflicts" ];
        description = ''
          Further arguments of {command}`manifestgen secret deliver`. `--trust` lets a rollback of the system bring back
          older values, which is refused without it.
        '';
      };
    };
  };

  config = lib.mkMerge [
    (lib.mkIf cluster.enable {
      age.secrets = decrypted;
      assertions = [
        {
          assertion = declared == [ ] || cfg.folder != null;
          message = "cluster.secrets: the cluster file declares secrets in ${lib.concatStringsSep ", " declared}: run `manifestgen secret create` and set `cluster.secrets.folder = ./secrets`";
        }
        {
          assertion = cfg.folder == null || baseNameOf cfg.folder == "secrets";
          message = "cluster.secrets: `folder` is ${toString cfg.folder}: give the path `./secrets`, without quotes, of the folder that lies beside the cluster file";
        }
        {
          assertion = cfg.folder == null || absent == [ ];
          message = "cluster.secrets: ${lib.concatStringsSep ", " absent} is not there, beside ${toString cfg.folder}: run `manifestgen secret create`, and `git add secrets`, as a flake sees nothing else";
        }
        {
          assertion = !delivers || unreadable == [ ];
          message = "cluster.secrets: `${nodeName}` delivers into the cluster and does not decrypt ${lib.concatStringsSep ", " unreadable}: set `hostKeys` in its entry of `nodes`, name it in `nodes` of the secret, and run `manifestgen secret rekey`";
        }
      ];
    })
    {
      # With sysusers or userborn agenix decrypts in a unit, which k3s would otherwise overtake.
      # Elsewhere there is no such unit, and this means nothing.
      systemd.services.k3s =
        lib.mkIf (cluster.enable && config.services.k3s.enable && config.age.secrets != { })
          {
            wants = [ "agenix-install-secrets.service" ];
            after = [ "agenix-install-secrets.service" ];
          };
    }
    (lib.mkIf (cluster.enable && delivers) {
      systemd.services.manifestgen-secrets = {
        description = "Deliver the cluster's Secrets";
        documentation = [ "https://github.com/manifestgen/manifestgen/blob/main/docs/NIX.md" ];
        wantedBy = [ "multi-user.target" ];
        # Pods of the release wait for it, so it comes first. Not more than that: it retries by itself, and what it is
        # required by would not.
        before = [ "manifestgen-apply.service" ];
        wants = [
          "k3s.service"
          "agenix-install-secrets.service"
        ];
        after = [
          "k3s.service"
          "agenix-install-secrets.service"
        ];
        startLimitIntervalSec = 0;
        environment.KUBECONFIG = "%d/k3s_kubeconfig";
        serviceConfig = import ./hardening.nix // {
          Type = "oneshot";
          RemainAfterExit = true;
          # The path of the files changes with any of them, so that a switch starts it again; agenix has no hook.
          ExecStart = utils.escapeSystemdExecArgs (
            [ (lib.getExe deliver) ]
            ++ manifests.arguments {
              configFile = "${files}/cluster.yaml";
              inherit (cluster) profile;
            }
            ++ cfg.deliver.arguments
          );
          DynamicUser = true;
          # By the secrets' names, which have no `_`. agenix has each there, whatever its own `path` is.
          LoadCredential = [
            "k3s_kubeconfig:${node.kubeconfig}"
          ]
          ++ map (name: "${name}:${config.age.secretsDir}/${name}") needed;
          LimitCORE = 0;
          Restart = "on-failure";
          RestartSec = 10;
          TimeoutStartSec = "5min";
        };
      };
    })
  ];
}

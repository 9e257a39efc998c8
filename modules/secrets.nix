# Values from agenix into Kubernetes Secrets, past the store, arguments and logs.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.cluster.secrets;
  deliver = pkgs.writeShellApplication {
    name = "cluster-secret";
    runtimeInputs = [
      pkgs.coreutils
      # Not k3s' own, which unpacks itself into a home before it runs.
      pkgs.kubectl
    ];
    text = builtins.readFile ./scripts/secret.sh;
  };
  # A secret of agenix at that path: its encrypted file changes when the value does, and agenix has no hook for it.
  encrypted =
    path:
    map (secret: secret.file) (
      lib.filter (secret: secret.path == path) (lib.attrValues config.age.secrets)
    );
in
{
  options.cluster.secrets = mkOption {
    default = { };
    type = types.attrsOf (
      types.submodule (
        { name, ... }:
        {
          options = {
            name = mkOption {
              type = types.str;
              default = name;
              defaultText = lib.literalMD "the attribute's name";
              description = "The Secret's name.";
            };
            namespace = mkOption {
              type = types.str;
              example = "headscale";
              description = "Its namespace; made when it is not there.";
            };
            keys = mkOption {
              type = types.attrsOf types.str;
              example = lib.literalExpression ''{ "noise-private.key" = config.age.secrets.headscale-noise.path; }'';
              description = "The file that holds the value of each key: a path on the machine, not in the store.";
            };
            restart = mkOption {
              type = types.listOf types.str;
              default = [ ];
              example = [ "deployment/headscale" ];
              description = "Workloads of the namespace to start anew when a value has changed.";
            };
          };
        }
      )
    );
    example = lib.literalExpression ''
      {
        headscale-secrets = {
          namespace = "headscale";
          keys."noise-private.key" = config.age.secrets.headscale-noise.path;
          restart = [ "deployment/headscale" ];
        };
      }
    '';
    description = ''
      Secrets of the cluster, delivered by the primer before the release is applied, and again whenever the encrypted
      file of a value changed. A Secret that leaves this list stays in the cluster: delete it there.
    '';
  };

  config = lib.mkMerge [
    {
      assertions = [
        {
          assertion = cfg == { } || config.cluster.primer.enable or false;
          message = "cluster.secrets: only the primer delivers Secrets: move `cluster.secrets` to its configuration";
        }
      ]
      ++ lib.concatMap (
        secret:
        lib.mapAttrsToList (key: path: {
          assertion = !lib.hasPrefix builtins.storeDir path;
          message = "cluster.secrets.${secret.name}: the value of `${key}` is in the store, where everybody can read it: give the path that agenix decrypts it to";
        }) secret.keys
      ) (lib.attrValues cfg);

      # With systemd in the initrd, sysusers or userborn agenix decrypts in a unit, which k3s would otherwise overtake.
      # Elsewhere there is no such unit, and this means nothing.
      systemd.services.k3s = lib.mkIf (config.services.k3s.enable && config.age.secrets != { }) {
        wants = [ "agenix-install-secrets.service" ];
        after = [ "agenix-install-secrets.service" ];
      };
    }
    {
      systemd.services = lib.mapAttrs' (
        attribute: secret:
        lib.nameValuePair "cluster-secret-${attribute}" {
          description = "Deliver the Secret ${secret.namespace}/${secret.name}";
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
          restartTriggers = lib.concatMap encrypted (lib.attrValues secret.keys);
          startLimitIntervalSec = 0;
          environment = {
            KUBECONFIG = "%d/kubeconfig";
            SECRET_NAME = secret.name;
            SECRET_NAMESPACE = secret.namespace;
            SECRET_KEYS = lib.concatStringsSep " " (lib.attrNames secret.keys);
            RESTART = lib.concatStringsSep " " secret.restart;
          };
          serviceConfig = import ./hardening.nix // {
            Type = "oneshot";
            RemainAfterExit = true;
            ExecStart = lib.getExe deliver;
            DynamicUser = true;
            LoadCredential = [
              "kubeconfig:/etc/rancher/k3s/k3s.yaml"
            ]
            ++ lib.mapAttrsToList (key: path: "value.${key}:${path}") secret.keys;
            Restart = "on-failure";
            RestartSec = 10;
            TimeoutStartSec = "5min";
          };
        }
      ) cfg;
    }
  ];
}

# The first server: it runs the control plane and applies the release.
{
  config,
  lib,
  utils,
  ...
}:
let
  inherit (lib) mkOption types;
  cluster = config.services.manifestgen;
  cfg = config.cluster.primer;
  manifests = import ../nix/manifests.nix { inherit lib; };
  hardening = import ./hardening.nix;
  inherit (cluster) node;
in
{
  options.cluster.primer = {
    enable = mkOption {
      type = types.bool;
      default = cluster.enable && cluster.isPrimer;
      defaultText = lib.literalMD "whether this machine is the first server of `nodes` in the cluster file";
      example = true;
      description = "Whether this machine starts the cluster and applies the release.";
    };

    apply = {
      enable = mkOption {
        type = types.bool;
        default = true;
        example = false;
        description = ''
          Whether the release is applied whenever it changed. What an earlier generation applied and this one no
          longer holds is deleted. Off, the release waits for {command}`manifestgen apply` by hand or for Argo CD:
          an object has one deliverer.
        '';
      };
      arguments = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "--force-conflicts" ];
        description = "Further arguments of {command}`manifestgen apply`.";
      };
      timeout = mkOption {
        type = types.ints.positive;
        default = 15;
        example = 60;
        description = "How many minutes it may take, until everything is healthy. Then it is tried again.";
      };
    };

    forwardPorts = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = ''
        Whether the machine built by {command}`nixos-rebuild build-vm`, or as a microvm, can be reached from its host, on
        127.0.0.1: SSH on 22223, the API server on 16443, Headscale on 18080.
      '';
    };
  };

  config = lib.mkIf cfg.enable (
    lib.mkMerge [
      {
        assertions = [
          {
            assertion = cluster.enable;
            message = "cluster.primer: set `services.manifestgen.enable` and describe the cluster in `services.manifestgen.settings`";
          }
          {
            assertion = node.role or "agent" == "server";
            message = "cluster.primer: `${cluster.nodeName}` is no server: give its entry in `nodes` `role = \"server\"`";
          }
        ];
        environment.sessionVariables.KUBECONFIG = node.kubeconfig or "";
        virtualisation.vmVariant.virtualisation.forwardPorts = lib.mkIf cfg.forwardPorts (
          import ./forwards.nix { inherit lib cluster; }
        );
      }
      (lib.mkIf cfg.apply.enable {
        # Not by `services.k3s.manifests`: k3s takes no notice of a store file that changed, since all have the same
        # time stamp, and forgets the objects of a file that is gone.
        systemd.services.manifestgen-apply = {
          description = "Apply the cluster's release";
          documentation = [ "https://github.com/manifestgen/manifestgen/blob/main/docs/NIX.md" ];
          wantedBy = [ "multi-user.target" ];
          wants = [ "k3s.service" ];
          after = [ "k3s.service" ];
          # It retries for as long as it takes: the cluster may be waiting for a disk or an image.
          startLimitIntervalSec = 0;
          environment.KUBECONFIG = "%d/kubeconfig";
          serviceConfig = hardening // {
            Type = "oneshot";
            RemainAfterExit = true;
            ExecStart = utils.escapeSystemdExecArgs (
              [
                (lib.getExe cluster.package)
                "apply"
              ]
              ++ manifests.arguments { inherit (cluster) configFile profile; }
              ++ [
                "--timeout"
                "${toString cfg.apply.timeout}m"
              ]
              ++ cfg.apply.arguments
            );
            DynamicUser = true;
            # Of root alone; k3s has written it by the time that it says it is ready.
            LoadCredential = [ "kubeconfig:${node.kubeconfig}" ];
            Restart = "on-failure";
            RestartSec = 10;
            # A little more, so that it says itself what it waited for.
            TimeoutStartSec = cfg.apply.timeout * 60 + 60;
          };
        };
      })
    ]
  );
}

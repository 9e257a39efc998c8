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
  headscale = cluster.settings.headscale or null;
  nodePort = headscale.service.nodePort or 30080;
  forward = from: to: {
    from = "host";
    host.port = from;
    guest.port = to;
  };
in
{
  options.cluster.primer = {
    enable = mkOption {
      type = types.bool;
      default = cluster.enable && cluster.node != { } && cluster.node == cluster.primer;
      defaultText = lib.literalMD "whether this machine is the first server of `services.manifestgen.settings.nodes`";
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

    openFirewall = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = ''
        Whether the firewall lets in the API server (tcp 6443) and, with Headscale, its NodePort (tcp 30080) and that
        of STUN (udp 30478). SSH (tcp 22) is opened by `services.openssh.openFirewall`.
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

    forwardPorts = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = ''
        Whether the machine built by {command}`nixos-rebuild build-vm` can be reached from the host: SSH on 22223,
        the API server on 16443, Headscale on 18080.
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
            assertion = cluster.node.role or "agent" == "server";
            message = "cluster.primer: `${cluster.nodeName}` is no server: give its entry in `settings.nodes` `role = \"server\"`";
          }
          {
            # k3s#14142 and the order of things: Headscale runs inside of k3s, so k3s cannot wait for the mesh.
            assertion =
              headscale != null && cluster.node.mesh.type or null == "tailscale"
              -> cluster.node.mesh.advertiseRoute or false;
            message = "cluster.primer: Headscale runs on `${cluster.nodeName}`, whose k3s would wait for a mesh that only Headscale can let it into: set `mesh.advertiseRoute = true` in its entry of `settings.nodes`";
          }
        ];
        services.k3s.images = cfg.images;
        networking.firewall = lib.mkIf cfg.openFirewall {
          allowedTCPPorts = [ 6443 ] ++ lib.optional (headscale != null) nodePort;
          allowedUDPPorts = lib.optional (headscale != null) (headscale.service.stunNodePort or 30478);
        };
        environment.sessionVariables.KUBECONFIG = "/etc/rancher/k3s/k3s.yaml";
        virtualisation.vmVariant.virtualisation.forwardPorts = lib.mkIf cfg.forwardPorts (
          [
            (forward 22223 22)
            (forward 16443 6443)
          ]
          ++ lib.optional (headscale != null) (forward 18080 nodePort)
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
            LoadCredential = [ "kubeconfig:/etc/rancher/k3s/k3s.yaml" ];
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

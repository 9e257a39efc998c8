# k3s on this machine, a primer or not: its files are the rendered ones.
{
  config,
  lib,
  ...
}:
let
  cfg = config.services.manifestgen;
  inherit (cfg) node;
  files = "${cfg.manifests}/nodes/${cfg.nodeName}/etc/rancher/k3s";
  # As in the `node` component: the file is rendered when there is something to say.
  hasRegistries = (cfg.settings.k3s.registries or { }) // (node.registries or { }) != { };
  pods = [
    "cni0"
    "flannel.1"
  ];
  kubelet = 10250;
  vxlan = 8472;
in
{
  config =
    lib.mkIf
      (cfg.enable && (config.cluster.primer.enable or false || config.cluster.worker.enable or false))
      {
        services.k3s = {
          enable = true;
          role = node.role or "agent";
          # A path in the store, named and not read, so that evaluation waits for no build.
          configPath = "${files}/config.yaml";
        };

        environment.etc = lib.mkIf hasRegistries {
          "rancher/k3s/registries.yaml".source = "${files}/registries.yaml";
        };
        systemd.services.k3s.restartTriggers = lib.optional hasRegistries "${files}/registries.yaml";

        networking.firewall.interfaces =
          lib.genAttrs cfg.nodeInterfaces (_: {
            allowedTCPPorts = [ kubelet ];
            allowedUDPPorts = [ vxlan ];
          })
          # Pods reach their own node over these: the API server, and for metrics-server the kubelet.
          // lib.genAttrs pods (_: {
            allowedTCPPorts = [ kubelet ] ++ lib.optional (node.role or "agent" == "server") 6443;
          });
      };
}

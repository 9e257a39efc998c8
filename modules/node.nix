# k3s on this machine, a primer or not: its files are the rendered ones.
{
  config,
  lib,
  ...
}:
let
  cfg = config.services.manifestgen;
  inherit (cfg) facts node;
  inherit (node) ports;
  folder = "${cfg.manifests}/nodes/${cfg.nodeName}";
  k3sConfig = "/etc/rancher/k3s/config.yaml";
  # Such as registries.yaml, where there is something to say.
  others = lib.remove k3sConfig node.files;
in
{
  config =
    lib.mkIf
      (
        cfg.enable
        && node != { }
        && (config.cluster.primer.enable or false || config.cluster.worker.enable or false)
      )
      {
        services.k3s = {
          enable = true;
          inherit (node) role;
          # A path in the store, named and not read, so that evaluation waits for no build.
          configPath = folder + k3sConfig;
          inherit (cfg) images;
        };

        environment.etc = lib.listToAttrs (
          map (path: lib.nameValuePair (lib.removePrefix "/etc/" path) { source = folder + path; }) others
        );
        systemd.services.k3s.restartTriggers = map (path: folder + path) others;

        networking.firewall = {
          allowedTCPPorts = lib.mkIf cfg.openFirewall ports.everybody.tcp;
          allowedUDPPorts = lib.mkIf cfg.openFirewall ports.everybody.udp;
          interfaces =
            lib.genAttrs cfg.nodeInterfaces (_: {
              allowedTCPPorts = ports.nodes.tcp;
              allowedUDPPorts = ports.nodes.udp;
            })
            # Pods reach their own node over these.
            // lib.genAttrs facts.podInterfaces (_: {
              allowedTCPPorts = ports.pods.tcp;
              allowedUDPPorts = ports.pods.udp;
            });
        };
      };
}

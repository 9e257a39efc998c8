# A node that joins: an agent, or a further server.
{
  config,
  lib,
  ...
}:
let
  inherit (lib) mkOption types;
  cluster = config.services.manifestgen;
  cfg = config.cluster.worker;
  mesh = cluster.node.mesh or { };
  # The machine joins the mesh, not k3s.
  joins = mesh.type or null == "tailscale" && !mesh.joinedByK3s;
in
{
  options.cluster.worker = {
    enable = mkOption {
      type = types.bool;
      default = cluster.enable && cluster.node != { } && !cluster.isPrimer;
      defaultText = lib.literalMD "whether this machine is in `nodes` of the cluster file and not its first server";
      example = true;
      description = "Whether this machine joins the cluster that the primer starts.";
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = cluster.enable;
        message = "cluster.worker: set `services.manifestgen.enable` and describe the cluster in `services.manifestgen.settings`";
      }
      {
        assertion = !cluster.isPrimer;
        message = "cluster.worker: `${cluster.nodeName}` is the first server of `nodes`, which has nobody to join: leave `cluster.worker.enable` alone, or list another server before it";
      }
    ];
    # Its configuration names an address or an interface that is only there once the mesh is: k3s starts when the
    # machine has joined, and the start of a machine that has no key yet hangs on nothing.
    systemd.services.k3s = lib.mkIf joins {
      wantedBy = lib.mkForce [ "cluster-mesh-join.service" ];
      requires = [ "cluster-mesh-join.service" ];
      after = [ "cluster-mesh-join.service" ];
      # Flannel's routes go with the interface when tailscaled restarts (k3s#14142).
      partOf = [ "tailscaled.service" ];
    };
  };
}

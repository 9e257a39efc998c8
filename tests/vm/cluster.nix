# The cluster file that the tests start from.
{ lib, pkgs }:
{
  # k3s' own parts need images from a registry; pods get by without them.
  k3s = {
    tokenFile = "/etc/cluster/token";
    disable = [
      "coredns"
      "local-storage"
      "metrics-server"
      "servicelb"
    ];
    defaults = {
      pauseImage = "test.local/pause:local";
      # The driver's default route is by eth0; the nodes see each other on eth1.
      flannelIface = "eth1";
    };
  };
  cluster = {
    name = "test";
    version = lib.versions.majorMinor pkgs.k3s.version;
    # Without `local-storage` there is no `local-path`; nothing here asks for a volume.
    storage = {
      defaultClass = "none";
      classes = [
        {
          name = "none";
          provisioner = "kubernetes.io/no-provisioner";
        }
      ];
    };
  };
  # The driver numbers machines by name: 192.168.1.1 is the first in the alphabet.
  primer = {
    name = "primer";
    role = "server";
    address = "192.168.1.1";
  };
  headscale = {
    inherit (pkgs.headscale) version;
    storage.type = "ephemeral";
  };
  images."docker.io/headscale/headscale:${pkgs.headscale.version}" = "test.local/headscale:local";
}

# What every machine of the tests has.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  images = import ./images.nix { inherit pkgs; };
in
{
  services.manifestgen = {
    enable = true;
    nodeInterfaces = [ "eth1" ];
  };
  cluster.primer = lib.mkIf config.cluster.primer.enable {
    images = [
      images.pause
      images.headscale
    ];
    # Forwarding is for `nixos-rebuild build-vm`.
    forwardPorts = false;
  };
  cluster.worker.images = lib.mkIf config.cluster.worker.enable [ images.pause ];

  environment.etc."cluster/token" = {
    text = "a token of machines that live for a minute";
    mode = "0400";
  };
  environment.systemPackages = [
    pkgs.curl
    pkgs.jq
  ];
  # k3s needs more than the driver gives a machine.
  virtualisation = {
    memorySize = 1536;
    diskSize = 4096;
  };
}

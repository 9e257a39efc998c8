# What every machine of the tests has.
{
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
    offline = true;
    images = [ images.pause ];
  };
  # Forwarding is for `nixos-rebuild build-vm`.
  cluster.primer.forwardPorts = false;

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

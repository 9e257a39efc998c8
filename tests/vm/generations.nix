# What a generation of the system no longer holds is deleted from the cluster; a reboot changes nothing.
{ lib, pkgs, ... }:
let
  base = import ./cluster.nix { inherit lib pkgs; };
  configMap = name: {
    apiVersion = "v1";
    kind = "ConfigMap";
    metadata = {
      inherit name;
      namespace = "default";
    };
    data.of = "a generation";
  };
in
{
  nodes.primer = {
    services.manifestgen.images = [ (import ./images.nix { inherit pkgs; }).headscale ];
    services.manifestgen.settings = {
      inherit (base)
        cluster
        images
        k3s
        headscale
        ;
      nodes = [ base.primer ];
      extraObjects = lib.mkDefault [
        (configMap "stays")
        (configMap "goes")
      ];
    };
    specialisation.smaller.configuration.services.manifestgen.settings.extraObjects = [
      (configMap "stays")
    ];
  };
  testScript = import ./story.nix "upgrade";
}

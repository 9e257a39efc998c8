# Headscale's keys come from agenix, and one of them is rotated.
{ lib, pkgs, ... }:
let
  base = import ./cluster.nix { inherit lib pkgs; };
  fixtures = ../../fixtures/nix;
in
{
  nodes.primer =
    { config, lib, ... }:
    {
      services.manifestgen.settings = {
        inherit (base) cluster images;
        k3s = base.k3s // {
          tokenFile = config.age.secrets.k3s-token.path;
        };
        nodes = [ base.primer ];
        headscale = base.headscale // {
          useAgenixSecrets = true;
        };
      };
      # A bare path would stay one of the host, which the machine does not have.
      age.identityPaths = [ "${fixtures}/identity.txt" ];
      age.secrets = {
        k3s-token.file = fixtures + "/k3s-token.age";
        headscale-noise.file = lib.mkDefault (fixtures + "/headscale-noise.age");
        headscale-derp.file = fixtures + "/headscale-derp.age";
      };
      cluster.secrets.headscale-secrets = {
        namespace = "headscale";
        keys = {
          "noise-private.key" = config.age.secrets.headscale-noise.path;
          "derp-private.key" = config.age.secrets.headscale-derp.path;
        };
        restart = [ "deployment/headscale" ];
      };
      specialisation.rotated.configuration.age.secrets.headscale-noise.file =
        fixtures + "/headscale-noise-rotated.age";
    };
  testScript = builtins.readFile ./scripts/cluster.py + builtins.readFile ./scripts/secrets.py;
}

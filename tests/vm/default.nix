# The VM tests by the names of their packages. None needs the network; all need KVM, or patience (`NAME-tcg`).
{
  lib,
  pkgs,
  module,
  package,
}:
lib.mapAttrs
  (
    name: file:
    pkgs.testers.runNixOSTest {
      imports = [ file ];
      inherit name;
      defaults = {
        imports = [
          module
          ./offline.nix
        ];
        services.manifestgen = {
          inherit package;
          index = ./index + "/${name}.nix";
        };
      };
    }
  )
  {
    cluster-argocd = ./argocd.nix;
    cluster-headscale = import ./headscale.nix { };
    cluster-headscale-secrets = import ./headscale.nix { secrets = true; };
    cluster-ingress = ./ingress.nix;
    cluster-secrets = ./secrets.nix;
    cluster-generations = ./generations.nix;
    cluster-mesh = ./mesh.nix;
  }

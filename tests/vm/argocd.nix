# Argo CD as upstream installs it, seven workloads, from images of nixpkgs alone. Its parts find each other by name, so this
# cluster has a CoreDNS, which k3s would fetch from a registry.
{ lib, pkgs, ... }:
let
  base = import ./cluster.nix { inherit lib pkgs; };
  images = import ./images.nix { inherit pkgs; };
in
{
  nodes.primer = {
    services.manifestgen.settings = {
      inherit (base) cluster k3s;
      nodes = [ base.primer ];
      argocd = {
        images = {
          argocd = "test.local/argocd:local";
          dex = "test.local/argocd:local";
          redis = "test.local/redis:local";
        };
        imagePullPolicy = "IfNotPresent";
      };
      extraObjects = import ./coredns.nix { image = "test.local/coredns:local"; };
    };
    services.manifestgen.images = [
      images.argocd
      images.coredns
      images.redis
    ];
    virtualisation = {
      memorySize = lib.mkForce 4096;
      diskSize = lib.mkForce 8192;
    };
  };
  testScript = import ./story.nix "argocd";
}

# Routes, most of them over TLS, to pods on two nodes: Traefik answers at every node's ports with a certificate of the
# cluster's own CA, which agenix decrypted and the primer delivered.
{ lib, pkgs, ... }:
let
  base = import ./cluster.nix { inherit lib pkgs; };
  images = import ./images.nix { inherit pkgs; };
  fixtures = ../../fixtures/nix;
  # What `manifestgen secret` made the files of.
  known = lib.importJSON (fixtures + "/ingress/cluster.json");
  settings = {
    cluster = base.cluster // {
      namespaces = [
        {
          name = "web";
          podSecurityStandard = "restricted";
        }
      ];
    };
    inherit (known) recipients secrets;
    k3s = removeAttrs base.k3s [ "tokenFile" ];
    nodes = map (node: node // { address = addresses.${node.name}; }) known.nodes;
    ingress = {
      controller = {
        image = "test.local/traefik:local";
        replicas = 2;
        service = {
          type = "NodePort";
          httpNodePort = 30880;
          httpsNodePort = 30443;
        };
      };
      tls = {
        enabled = true;
        secretName = "shop-tls";
      };
      routes = [
        (route "shop" { host = "shop.test"; })
        (route "basket" {
          host = "shop.test";
          path = "/basket";
          stripPrefix = true;
        })
        (route "everywhere" {
          path = "/shop";
          service = service "shop";
        })
      ];
    };
    extraObjects = import ./echo.nix {
      inherit lib;
      image = "test.local/echo:local";
      namespace = "web";
      # Wherever a Traefik runs, one of them is on the other node.
      servers = {
        shop = "primer";
        basket = "worker";
      };
    };
  };
  # The driver numbers machines by name.
  addresses = {
    primer = "192.168.1.1";
    worker = "192.168.1.2";
  };
  service = name: {
    inherit name;
    namespace = "web";
    port = 80;
  };
  route =
    name: more:
    {
      inherit name;
      service = service name;
    }
    // more;
  node = {
    services.manifestgen = {
      inherit settings;
      images = [
        images.echo
        images.traefik
      ];
    };
    # A bare path would stay one of the host, which the machine does not have.
    age.identityPaths = [ "${fixtures}/identity.txt" ];
    cluster.secrets.folder = fixtures + "/ingress/secrets";
    environment.etc."cluster/ca.crt".source = fixtures + "/ingress/secrets/web-ca.crt";
    environment.systemPackages = [ pkgs.openssl ];
  };
in
{
  nodes = {
    primer = node;
    worker = node;
  };
  testScript = import ./story.nix "ingress";
}

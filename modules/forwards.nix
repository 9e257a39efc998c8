# How the host of a virtual machine reaches a primer: on ports of its own, and on no other interface of the host.
{ lib, cluster }:
let
  inherit (cluster) node;
  headscale = cluster.facts.headscale or { };
  forward = from: to: {
    from = "host";
    host = {
      address = "127.0.0.1";
      port = from;
    };
    guest.port = to;
  };
in
[
  (forward 22223 22)
  (forward 16443 node.apiPort)
]
++ lib.optional (headscale ? nodePort) (forward 18080 headscale.nodePort)

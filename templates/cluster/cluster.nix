# The cluster file. `manifestgen explain` says what each key means. The command line reads the same value, and after each change it
# writes the index that the machines are made of:
#   nix eval --json --file cluster.nix >cluster.json
#   manifestgen validate --server -c cluster.json
#   manifestgen render -c cluster.json --format nix -o cluster-index.nix
{
  cluster.name = "home";
  k3s.tokenFile = "/var/lib/cluster/token";
  nodes = [
    {
      name = "primer";
      role = "server";
      address = "192.168.1.10";
      mesh = {
        type = "tailscale";
        advertiseRoute = true;
      };
    }
    {
      name = "worker";
      mesh.type = "tailscale";
    }
  ];
  headscale.policy = {
    tagOwners."tag:node" = [ "cluster@" ];
    autoApprovers.routes."192.168.1.10/32" = [ "tag:node" ];
    acls = [
      {
        action = "accept";
        # Pods of the primer talk from its address in the local network.
        src = [
          "tag:node"
          "192.168.1.10/32"
        ];
        dst = [
          "tag:node:*"
          "192.168.1.10/32:*"
        ];
      }
    ];
  };
}

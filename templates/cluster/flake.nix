{
  description = "A k3s cluster: a primer with Headscale, and a worker that joins over its mesh";

  inputs.manifestgen.url = "github:manifestgen/manifestgen";

  outputs =
    { manifestgen, ... }:
    {
      nixosConfigurations = manifestgen.lib.mkCluster {
        settings = import ./cluster.nix;
        # What the modules read of it, written by `manifestgen render --format nix`.
        index = ./cluster-index.nix;
        # Every machine.
        shared = [
          {
            services.openssh.enable = true;
            users.users.root.openssh.authorizedKeys.keys = [
              # "ssh-ed25519 AAAA… you"
            ];
            system.stateVersion = "26.05";
          }
        ];
        # One machine each: its hardware (`nixos-generate-config` writes it), and what is its own.
        machines = {
          primer = ./primer.nix;
          worker = ./worker.nix;
        };
      };
    };
}

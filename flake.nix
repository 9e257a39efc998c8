{
  description = "One typed cluster file into everything that a k3s cluster runs on";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    agenix = {
      url = "github:ryantm/agenix";
      inputs = {
        nixpkgs.follows = "nixpkgs";
        darwin.follows = "";
        home-manager.follows = "";
      };
    };
  };

  outputs =
    {
      self,
      nixpkgs,
      agenix,
    }:
    let
      inherit (nixpkgs) lib;
      forEachSystem =
        output:
        lib.genAttrs [
          "x86_64-linux"
          "aarch64-linux"
        ] (system: output nixpkgs.legacyPackages.${system});
      manifests = import ./nix/manifests.nix { inherit lib; };
      modules = import ./modules {
        inherit lib;
        ageModule = agenix.nixosModules.default;
        packageFor = pkgs: self.packages.${pkgs.stdenv.hostPlatform.system}.manifestgen;
      };
      # What every system's outputs are made of.
      partsFor =
        pkgs:
        import ./nix/parts.nix {
          inherit
            lib
            pkgs
            manifests
            modules
            ;
        };
    in
    {
      packages = forEachSystem (pkgs: (partsFor pkgs).packages);
      apps = forEachSystem (pkgs: (partsFor pkgs).apps);
      checks = forEachSystem (pkgs: (partsFor pkgs).checks);
      devShells = forEachSystem (pkgs: (partsFor pkgs).devShells);
      formatter = forEachSystem (pkgs: pkgs.nixfmt-tree);

      nixosModules = modules;
      overlays.default = final: _prev: {
        manifestgen = final.callPackage ./nix/package.nix { };
      };
      lib = {
        inherit (manifests) mkManifests;
        mkCluster = import ./nix/cluster.nix {
          inherit lib;
          defaultSystem = lib.nixosSystem;
          module = modules.default;
        };
      };
      templates.default = {
        path = ./templates/cluster;
        description = "A primer and a worker, both described by one cluster file";
      };
    };
}

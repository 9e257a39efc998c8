# Evaluates the flake with nixpkgs' own `lib` and a strict mirror of what it takes from NixOS, and gives back, as JSON:
#   checks        what was expected of units, files, ports and messages, and what there is
#   units         unit files as text, for systemd to read
#   testScripts   what the VM tests' driver would run, and on which machines
#   clusters      cluster files, for manifestgen to read, and the files that machines take from the release
{ nixpkgsLib, root }:
let
  real = import (nixpkgsLib + "/lib");
  # Debian's Nix is older than `builtins.readFileType`, which file sets are made with. What is checked then is that
  # their files are there.
  lib =
    real
    // real.optionalAttrs (!builtins ? readFileType) {
      fileset = {
        unions =
          files:
          assert real.all builtins.pathExists files;
          files;
        toSource = { root, fileset }: assert real.all (real.path.hasPrefix root) fileset; "${builtins.storeDir}/source";
      };
    };
  pkgs = import ./mirror/pkgs.nix { inherit lib; };
  mirror = import ./mirror/system.nix { inherit lib pkgs; };
  inherit (mirror) system runNixOSTest;

  flake = (import (root + "/flake.nix")).outputs {
    self = flake;
    nixpkgs = {
      lib = lib // {
        nixosSystem = { system, modules }: mirror.system modules;
      };
      legacyPackages = lib.genAttrs [ "x86_64-linux" "aarch64-linux" ] (
        _: pkgs // { testers = { inherit runNixOSTest; }; }
      );
    };
    agenix.nixosModules.default = ./mirror/agenix.nix;
  };
  outputs = lib.genAttrs [ "packages" "apps" "checks" "devShells" ] (name: flake.${name}.x86_64-linux);

  vm = lib.filterAttrs (_: package: package ? testScript) flake.packages.x86_64-linux;
  template = import (root + "/templates/cluster/flake.nix");
  templateNodes = (template.outputs { manifestgen = flake; }).nixosConfigurations;

  cases = import ./cases.nix {
    inherit
      lib
      pkgs
      flake
      system
      vm
      templateNodes
      outputs
      ;
  };
  # Every machine that is evaluated anywhere, by a name.
  machines =
    lib.concatMapAttrs (
      test: package: lib.mapAttrs' (node: config: lib.nameValuePair "${test}/${node}" config) package.nodes
    ) vm
    // lib.mapAttrs' (node: value: lib.nameValuePair "template/${node}" value.config) templateNodes
    // cases.machines;

  # A machine that an assertion stops is none: all but those that mean to are held to it.
  healthy = lib.mapAttrsToList (name: config: {
    name = "${name}: no assertion fails";
    expected = cases.broken.${name} or [ ];
    actual = mirror.failures config;
  }) machines;
  quiet = lib.mapAttrsToList (name: config: {
    name = "${name}: no warning";
    expected = [ ];
    inherit (config) warnings;
    actual = config.warnings;
  }) machines;
in
{
  checks = map (check: {
    inherit (check) name expected actual;
    ok = check.expected == check.actual;
  }) (cases.checks ++ healthy ++ quiet);
  units = lib.concatMapAttrs (
    machine: config: lib.mapAttrs' (unit: text: lib.nameValuePair "${machine}/${unit}" text) (mirror.units config)
  ) machines;
  testScripts = lib.mapAttrs (_: package: {
    script = package.testScript;
    machines = lib.attrNames package.nodes;
  }) vm;
  clusters = lib.mapAttrs (_: config: {
    inherit (config.services.manifestgen) settings profile nodeName;
    command = config.services.manifestgen.manifests.command;
    files = mirror.releaseFiles config;
    apply = config.systemd.services.manifestgen-apply.serviceConfig.ExecStart or null;
  }) (removeAttrs machines (lib.attrNames cases.broken));
}

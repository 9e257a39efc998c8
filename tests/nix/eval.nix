# Evaluates the flake with nixpkgs' own `lib` and a strict mirror of what it takes from NixOS, and gives back, as JSON:
#   checks        what was expected of units, files, ports and messages, and what there is
#   units         unit files as text, for systemd to read
#   testScripts   what the VM tests' driver would run, and on which machines
#   options       what docs/NIX-OPTIONS.md says
#   used          NixOS options that are set somewhere, which docs/nix-facts.md cites
#   outputs       names of checks and packages, which docs/NIX.md says the needs of
#   clusters      cluster files, for manifestgen to read, and the files that machines take from the release
# and before all of that
#   indexes       cluster files whose index the evaluation reads, and where
{
  nixpkgsLib,
  root,
  # agenix' own module, where it is given, in place of its mirror.
  ageModule ? ./mirror/agenix.nix,
  # Where the indexes are that are made for this: of machines that are in no VM test.
  indexes,
}:
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
        toSource =
          { root, fileset }:
          assert real.all (real.path.hasPrefix root) fileset;
          "${builtins.storeDir}/source";
      };
    };
  pkgs = import ./mirror/pkgs.nix { inherit lib; };
  mirror = import ./mirror/system.nix { inherit lib pkgs; };
  inherit (mirror) system runNixOSTest;

  flake = (import (root + "/flake.nix")).outputs {
    self = flake;
    nixpkgs = {
      lib = lib // {
        nixosSystem = arguments: mirror.system arguments.modules;
      };
      legacyPackages = lib.genAttrs [ "x86_64-linux" "aarch64-linux" ] (
        _: pkgs // { testers = { inherit runNixOSTest; }; }
      );
    };
    agenix.nixosModules.default = ageModule;
  };
  outputs = lib.genAttrs [ "packages" "apps" "checks" "devShells" ] (
    name: flake.${name}.x86_64-linux
  );

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
      indexes
      ;
  };
  bare =
    (system [
      ./mirror/microvm.nix
      flake.nixosModules.default
      flake.nixosModules.microvm
    ]).options;

  # Every machine that is evaluated anywhere, by a name.
  machines =
    lib.concatMapAttrs (
      test: package:
      lib.mapAttrs' (node: config: lib.nameValuePair "${test}/${node}" config) package.nodes
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
    expected = cases.odd.${name} or [ ];
    actual = config.warnings;
  }) (removeAttrs machines (lib.attrNames cases.broken));
in
{
  indexes = lib.filterAttrs (_: one: one.file != "") (
    lib.mapAttrs (_: config: {
      inherit (config.services.manifestgen) settings profile;
      file = toString config.services.manifestgen.index;
    }) machines
  );
  all = {
    checks = map (check: {
      inherit (check) name expected actual;
      ok = check.expected == check.actual;
    }) (cases.checks ++ healthy ++ quiet);
    units = lib.concatMapAttrs (
      machine: config:
      lib.mapAttrs' (unit: text: lib.nameValuePair "${machine}/${unit}" text) (mirror.units config)
    ) machines;
    testScripts = lib.mapAttrs (_: package: {
      script = package.testScript;
      machines = lib.attrNames package.nodes;
    }) vm;
    used = lib.filter (name: !lib.hasPrefix "services.manifestgen." name) (
      lib.unique (lib.concatMap (config: config.mirror.set) (lib.attrValues machines))
    );
    outputs = lib.attrNames (outputs.checks // outputs.packages);
    options =
      map
        (
          option:
          {
            inherit (option) name type description;
          }
          // lib.optionalAttrs (option ? default) { default = option.default.text; }
          // lib.optionalAttrs (option ? example) { example = option.example.text; }
        )
        (
          lib.filter (option: option.visible && !option.internal) (
            # Ours alone: NixOS' own go on for ever, a specialisation inside of a specialisation.
            lib.optionAttrSetToDocList {
              inherit (bare) cluster;
              services = { inherit (bare.services) manifestgen; };
            }
          )
        );
    clusters = lib.mapAttrs (_: config: {
      inherit (config.services.manifestgen) settings profile nodeName;
      index = toString config.services.manifestgen.index;
      command = config.services.manifestgen.manifests.command;
      files = mirror.releaseFiles config;
      apply = config.systemd.services.manifestgen-apply.serviceConfig.ExecStart or null;
      deliver = config.systemd.services.manifestgen-secrets.serviceConfig.ExecStart or null;
    }) (removeAttrs machines (lib.attrNames cases.broken));
  };
}

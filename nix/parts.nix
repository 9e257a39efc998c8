# The outputs of one system.
{
  lib,
  pkgs,
  manifests,
  modules,
}:
let
  manifestgen = pkgs.callPackage ./package.nix { };

  # A built-in profile, rendered.
  profile =
    name:
    manifests.mkManifests {
      inherit pkgs manifestgen;
      configFile = pkgs.writeText "cluster.yaml" "{}\n";
      profile = name;
    };
  rendered = lib.listToAttrs (
    map (name: lib.nameValuePair "manifests-${name}" (profile name)) [
      "primer"
      "worker"
      "full"
    ]
  );

  vmTests = import ../tests/vm {
    inherit lib pkgs;
    module = modules.default;
    package = manifestgen;
  };
  # Where a machine has no KVM: the same, ten times slower.
  emulated = lib.mapAttrs' (
    name: test:
    lib.nameValuePair "${name}-tcg" (
      # The driver ends every test after an hour, unless told otherwise.
      (test.extend { modules = [ { globalTimeout = 10 * 3600; } ]; }).overrideTestDerivation (_: {
        requiredSystemFeatures = [ "nixos-test" ];
      })
    )
  ) vmTests;

  # Cargo on the package's own sources and vendored crates, without the program as its result.
  cargo =
    name: inputs: command:
    manifestgen.overrideAttrs (previous: {
      pname = "manifestgen-${name}";
      nativeBuildInputs = previous.nativeBuildInputs ++ inputs;
      buildPhase = command;
      doCheck = false;
      installPhase = "touch $out";
      postInstall = "";
    });
in
{
  packages = {
    default = manifestgen;
    inherit manifestgen;
  }
  // rendered
  // vmTests
  // emulated;

  apps = rec {
    default = manifestgen;
    manifestgen = {
      type = "app";
      program = lib.getExe (pkgs.callPackage ./package.nix { });
      meta.description = "The command line";
    };
  };

  checks = {
    inherit manifestgen;
    clippy = cargo "clippy" [ pkgs.clippy ] "cargo clippy --offline --lib --bins -- -D warnings";
    fmt = cargo "fmt" [ pkgs.rustfmt ] "cargo fmt --check";
    # A real API server in a plain derivation: no VM, no network.
    api-server =
      pkgs.runCommand "manifestgen-api-server"
        {
          nativeBuildInputs = [
            manifestgen
            pkgs.etcd
            pkgs.kubernetes
          ];
        }
        ''
          export HOME=$TMPDIR
          # The server is nixpkgs' and may be older than our default version.
          for profile in primer worker full minimal; do
            manifestgen validate --profile "$profile" --set cluster.version=${lib.versions.majorMinor pkgs.kubernetes.version} --server=ephemeral
          done
          touch $out
        '';
  }
  // rendered
  // vmTests;

  devShells.default = pkgs.mkShell {
    # What tests/run uses and does not build itself.
    packages = [
      pkgs.age
      pkgs.cargo
      pkgs.clippy
      pkgs.deadnix
      pkgs.go
      pkgs.jq
      pkgs.nixfmt
      pkgs.python3
      pkgs.rustc
      pkgs.rustfmt
      pkgs.shellcheck
    ];
  };
}

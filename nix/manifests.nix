# From a cluster file to derivations: checked, rendered. No import from a derivation: paths in them are names that
# the modules know from the settings.
{ lib }:
let
  # `--profile P` and the like, where there is a value.
  arguments =
    {
      configFile,
      profile,
      set ? { },
    }:
    [
      "--config"
      "${configFile}"
    ]
    ++ lib.optionals (profile != null) [
      "--profile"
      profile
    ]
    ++ lib.concatLists (
      lib.mapAttrsToList (key: value: [
        "--set"
        "${key}=${if builtins.isString value then value else builtins.toJSON value}"
      ]) set
    );

  # JSON is YAML, has no second meaning for `no` or `1.30`, and findings keep a line: `generate` writes it indented.
  writeConfig = pkgs: settings: (pkgs.formats.json { }).generate "cluster.yaml" settings;
in
{
  inherit arguments writeConfig;

  # A folder with `objects/` and `nodes/NAME/etc/rancher/k3s/`, or a file for the formats `yaml` and `json`. It is
  # validated first, so that nothing that has an error ever gets into a store.
  mkManifests =
    {
      # The nixpkgs of the machine that builds.
      pkgs,
      # The program; `packages.SYSTEM.manifestgen`.
      manifestgen,
      # The cluster file as a value, or a file of one's own in `configFile`.
      settings ? { },
      configFile ? writeConfig pkgs settings,
      # A built-in profile, or one of the file's own.
      profile ? null,
      # Values above all others, by dotted key.
      set ? { },
      # A file that `manifestgen render --format nix` wrote, which has to be what it would write now.
      index ? null,
      # `dir`, `k3s`, `yaml` or `json`.
      format ? "dir",
      # Part of the result's name.
      name ? if profile == null then "cluster" else profile,
    }:
    let
      what = lib.escapeShellArgs (arguments {
        inherit configFile profile set;
      });
    in
    pkgs.runCommand "manifests-${name}"
      {
        nativeBuildInputs = [ manifestgen ];
        preferLocalBuild = true;
        passthru = {
          inherit configFile profile set;
        };
      }
      (
        ''
          manifestgen validate ${what}
        ''
        + lib.optionalString (index != null) ''
          manifestgen render ${what} --format nix --check --output ${lib.escapeShellArg "${index}"} || {
            echo "error: services.manifestgen.index is not what the cluster file says: write it anew with" >&2
            echo "  manifestgen render -c cluster.json${
              lib.optionalString (profile != null) " --profile ${profile}"
            } --format nix -o cluster-index.nix" >&2
            exit 1
          }
        ''
        + ''
          manifestgen render ${what} --format ${lib.escapeShellArg format} --output "$out"
        ''
      );
}

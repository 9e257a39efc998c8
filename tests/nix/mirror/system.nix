# Evaluates systems and VM tests as NixOS would, as far as the mirror goes.
{ lib, pkgs }:
let
  utils.escapeSystemdExecArgs = lib.concatMapStringsSep " " (
    argument: lib.replaceStrings [ "%" "$" ] [ "%%" "$$" ] (builtins.toJSON "${argument}")
  );
  evaluate =
    modules:
    lib.evalModules {
      modules = [
        ./nixos.nix
        { _module.args = { inherit pkgs utils; }; }
      ]
      ++ modules;
    };

  # `pkgs.testers.runNixOSTest` (nixpkgs: nixos/lib/testing/{nodes,network,testScript,run}.nix).
  runNixOSTest =
    test:
    let
      evaluated = lib.evalModules {
        modules = [
          (
            { config, ... }:
            let
              option = type: default: lib.mkOption { inherit type default; };
              numbers = lib.listToAttrs (
                lib.imap1 (number: name: lib.nameValuePair name number) (lib.attrNames config.nodes)
              );
              driver = name: {
                networking.hostName = lib.mkDefault name;
                networking.primaryIPAddress = "192.168.1.${toString numbers.${name}}";
              };
            in
            {
              options = {
                name = lib.mkOption { type = lib.types.str; };
                nodes = option (lib.types.lazyAttrsOf lib.types.deferredModule) { };
                defaults = option lib.types.deferredModule { };
                testScript = lib.mkOption {
                  type = lib.types.either lib.types.str (lib.types.functionTo lib.types.str);
                };
                globalTimeout = option lib.types.int 3600;
                meta = option (lib.types.attrsOf lib.types.anything) { };
                machines = lib.mkOption { type = lib.types.raw; };
              };
              config._module.args = { inherit pkgs; };
              config.machines = lib.mapAttrs (
                name: module:
                (evaluate [
                  config.defaults
                  module
                  (driver name)
                ]).config
              ) config.nodes;
            }
          )
          test
        ];
      };
      result = {
        type = "derivation";
        name = "vm-test-run-${evaluated.config.name}";
        outPath = "${builtins.storeDir}/vm-test-run-${evaluated.config.name}";
        nodes = evaluated.config.machines;
        inherit (evaluated.config) testScript;
        extend =
          { modules }:
          runNixOSTest {
            imports = [ test ] ++ modules;
          };
        # The real one takes a function, or an overlay.
        overrideTestDerivation =
          change:
          assert (change { }).requiredSystemFeatures == [ "nixos-test" ];
          removeAttrs result [
            "testScript"
            "nodes"
          ];
      };
    in
    result;

  text =
    value:
    if value == true then
      "true"
    else if value == false then
      "false"
    else
      toString value;
  line =
    name: value: lib.optional (value != [ ] && value != "" && value != null) "${name}=${text value}";
  lines =
    section:
    lib.concatLists (
      lib.mapAttrsToList (name: value: map (one: "${name}=${text one}") (lib.toList value)) section
    );
  unit =
    kind: definition:
    lib.concatStringsSep "\n" (
      [ "[Unit]" ]
      ++ line "Description" definition.description
      ++ line "Documentation" definition.documentation
      ++ line "Wants" definition.wants
      ++ line "Requires" definition.requires
      ++ line "After" definition.after
      ++ line "Before" definition.before
      ++ line "PartOf" definition.partOf
      ++ line "StartLimitIntervalSec" definition.startLimitIntervalSec
      ++ lines definition.unitConfig
      ++ kind definition
      ++ [ "" ]
    );
  service =
    definition:
    [ "[Service]" ]
    ++ lib.mapAttrsToList (
      name: value: "Environment=${builtins.toJSON "${name}=${value}"}"
    ) definition.environment
    ++ lines definition.serviceConfig;
  path = definition: [ "[Path]" ] ++ lines definition.pathConfig;

  # Only what is ours: units that have a description come from our modules or from the mirror's k3s.
  ours = lib.filterAttrs (
    name: _: lib.hasPrefix "cluster-" name || lib.hasPrefix "manifestgen-" name
  );
in
{
  inherit runNixOSTest;
  system = modules: evaluate modules;
  failures =
    config: map (failed: failed.message) (lib.filter (one: !one.assertion) config.assertions);
  units =
    config:
    lib.mapAttrs' (name: definition: lib.nameValuePair "${name}.service" (unit service definition)) (
      ours config.systemd.services
    )
    // lib.mapAttrs' (name: definition: lib.nameValuePair "${name}.path" (unit path definition)) (
      ours config.systemd.paths
    );
  # Paths inside of the release that the system takes, which the release must have.
  releaseFiles =
    config:
    let
      release = "${config.services.manifestgen.manifests}";
    in
    map (lib.removePrefix "${release}/") (
      lib.filter (path: path != null && lib.hasPrefix release "${path}") (
        [ config.services.k3s.configPath ]
        ++ map (file: file.source) (lib.attrValues config.environment.etc)
      )
    );
}

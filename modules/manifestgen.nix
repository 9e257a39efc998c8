# The cluster file, and what is made of it for this machine.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.manifestgen;
  manifests = import ../nix/manifests.nix { inherit lib; };
  nodes = cfg.settings.nodes or [ ];
  named = map (node: node.name) nodes;
in
{
  options.services.manifestgen = {
    enable = lib.mkEnableOption "this machine as a node of the cluster that `services.manifestgen.settings` describes";

    package = lib.mkPackageOption pkgs "manifestgen" { };

    settings = mkOption {
      type = (pkgs.formats.json { }).type;
      default = { };
      example = lib.literalExpression ''
        {
          cluster.name = "home";
          nodes = [
            { name = "primer"; role = "server"; address = "192.168.1.10"; }
            { name = "worker"; address = "192.168.1.11"; }
          ];
          headscale = { };
        }
      '';
      description = ''
        The cluster file, key by key as in `cluster.yaml`: {command}`manifestgen explain` says what each means.
        {command}`manifestgen validate` reads it while the system is built, and a mistake stops the build.
        All machines of a cluster take the same value. `lib.importJSON ./cluster.json` reads a file, which the
        command line takes as it is (`manifestgen render -c cluster.json`).

        It ends up in the store, which everybody can read. The cluster file holds names and paths of secrets, never
        secrets themselves.
      '';
    };

    profile = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "primer";
      description = "The profile that `settings` is laid over: a built-in one, or one of its own `profiles`.";
    };

    nodeName = mkOption {
      type = types.str;
      default = config.networking.hostName;
      defaultText = lib.literalExpression "config.networking.hostName";
      example = "worker1";
      description = "Which entry of `settings.nodes` this machine is.";
    };

    nodeInterfaces = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "eth1" ];
      description = ''
        Network interfaces by which this machine reaches the other nodes. The firewall lets what nodes say to each
        other in there and nowhere else: flannel's VXLAN (udp 8472), which has no protection of its own, and the
        kubelet (tcp 10250). The mesh's interface is among them by itself.
      '';
    };

    configFile = mkOption {
      type = types.path;
      readOnly = true;
      default = manifests.writeConfig pkgs cfg.settings;
      defaultText = lib.literalMD "`settings`, written to the store";
      description = "The cluster file in the store.";
    };

    manifests = mkOption {
      type = types.package;
      readOnly = true;
      default = manifests.mkManifests {
        inherit pkgs;
        manifestgen = cfg.package;
        inherit (cfg) configFile profile;
        name = cfg.settings.cluster.name or "cluster";
      };
      defaultText = lib.literalMD "what {command}`manifestgen render --format dir` makes of `settings`";
      description = "The rendered release: `objects/`, and the files of each node in `nodes/NAME/`.";
    };

    # What the other modules read. Nothing here is to be set.
    node = mkOption {
      type = types.attrs;
      internal = true;
      readOnly = true;
      default = lib.findFirst (node: node.name == cfg.nodeName) { } nodes;
      description = "This machine's entry in `settings.nodes`.";
    };
    primer = mkOption {
      type = types.attrs;
      internal = true;
      readOnly = true;
      default = lib.findFirst (node: node.role or "agent" == "server") { } nodes;
      description = "The entry of the first server.";
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.node != { };
        message =
          "services.manifestgen: no entry of `settings.nodes` is named `${cfg.nodeName}`"
          + (
            if nodes == [ ] then
              ", because there is none: list the machines of the cluster there"
            else
              ": set `networking.hostName` or `services.manifestgen.nodeName` to one of ${lib.concatStringsSep ", " named}"
          );
      }
      {
        assertion = cfg.primer != { };
        message = "services.manifestgen: no entry of `settings.nodes` has `role = \"server\"`: the first such one is the machine that the others join";
      }
      {
        assertion = lib.allUnique named;
        message = "services.manifestgen: two entries of `settings.nodes` have the same name: ${lib.concatStringsSep ", " named}";
      }
    ];
    environment.systemPackages = [ cfg.package ];
    warnings =
      lib.optional
        (
          lib.length nodes > 1
          && cfg.nodeInterfaces == [ ]
          && config.networking.firewall.enable
          && cfg.node != { }
        )
        "services.manifestgen: the firewall of `${cfg.nodeName}` lets in nothing that the other nodes say: set `services.manifestgen.nodeInterfaces` to the interface by which it reaches them, such as `eth0`, or `networking.firewall.enable = false`";
    # A machine with a mistake in its cluster file is not built.
    system.checks = [ cfg.manifests ];
  };
}

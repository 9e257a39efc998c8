# The rest of NixOS that the modules and the tests touch, option by option; docs/nix-facts.md says where each was read.
{
  config,
  lib,
  options,
  extendModules,
  ...
}:
let
  inherit (lib) mkOption types;
  option = type: default: mkOption { inherit type default; };
  switch = option types.bool false;
  text = option types.str "";
  ports = option (types.listOf types.port) [ ];
  openings = {
    allowedTCPPorts = ports;
    allowedUDPPorts = ports;
    allowedTCPPortRanges = option (types.listOf (types.attrsOf types.port)) [ ];
    allowedUDPPortRanges = option (types.listOf (types.attrsOf types.port)) [ ];
  };
  optionalText = option (types.nullOr types.str) null;
  optionalInt = option (types.nullOr types.int) null;
  set = options: option (types.attrsOf (types.submodule { inherit options; })) { };
in
{
  imports = [
    ./k3s.nix
    ./tailscale.nix
    ./systemd.nix
  ];
  options = {
    # The options that have another value than their default's, for the table of where each was read.
    mirror.set = mkOption {
      type = types.listOf types.str;
      readOnly = true;
      default = map (one: lib.showOption one.loc) (
        lib.filter (one: one.highestPrio < (lib.mkOptionDefault null).priority) (
          lib.collect lib.isOption (
            removeAttrs options [
              "_module"
              "cluster"
              "mirror"
            ]
          )
        )
      );
    };
    assertions = option (types.listOf types.unspecified) [ ];
    warnings = option (types.listOf types.str) [ ];
    networking = {
      hostName = option (types.strMatching "^$|^[[:alnum:]]([[:alnum:]_-]{0,61}[[:alnum:]])?$") "nixos";
      primaryIPAddress = text;
      useNetworkd = switch;
      firewall = openings // {
        enable = option types.bool true;
        checkReversePath = option (types.either types.bool (
          types.enum [
            "strict"
            "loose"
          ]
        )) true;
        trustedInterfaces = option (types.listOf types.str) [ ];
        interfaces = set openings;
      };
      wireguard.interfaces = set {
        ips = option (types.listOf types.str) [ ];
        privateKey = optionalText;
        privateKeyFile = option (types.nullOr types.path) null;
        listenPort = optionalInt;
        mtu = optionalInt;
        peers = option (types.listOf (
          types.submodule {
            options = {
              publicKey = mkOption { type = types.str; };
              presharedKeyFile = optionalText;
              allowedIPs = mkOption { type = types.listOf types.str; };
              endpoint = optionalText;
              persistentKeepalive = optionalInt;
            };
          }
        )) [ ];
      };
    };
    environment = {
      systemPackages = option (types.listOf types.package) [ ];
      sessionVariables = option (types.attrsOf types.str) { };
      etc = set {
        source = option (types.nullOr types.path) null;
        text = option (types.nullOr types.lines) null;
        mode = option types.str "symlink";
      };
    };
    services.openssh = {
      enable = switch;
      ports = option (types.listOf types.port) [ 22 ];
      openFirewall = option types.bool true;
      hostKeys = option (types.listOf types.attrs) [
        {
          type = "ed25519";
          path = "/etc/ssh/ssh_host_ed25519_key";
        }
      ];
    };
    i18n.defaultLocale = option types.str "en_US.UTF-8";
    services.userborn.enable = switch;
    # agenix then decrypts in a unit.
    systemd.sysusers.enable = option types.bool true;
    users.users = set {
      openssh.authorizedKeys.keys = option (types.listOf types.singleLineStr) [ ];
    };
    system = {
      activationScripts = option (types.attrsOf types.anything) { };
      checks = option (types.listOf types.package) [ ];
      stateVersion = text;
    };
    specialisation = set {
      inheritParentConfig = option types.bool true;
      configuration =
        option (extendModules { modules = [ { specialisation = lib.mkForce { }; } ]; }).type
          { };
    };
    virtualisation =
      let
        forwardPorts = option (types.listOf (
          types.submodule {
            options = {
              from = option (types.enum [
                "host"
                "guest"
              ]) "host";
              proto = option (types.enum [
                "tcp"
                "udp"
              ]) "tcp";
              host = {
                address = text;
                port = mkOption { type = types.port; };
              };
              guest = {
                address = text;
                port = mkOption { type = types.port; };
              };
            };
          }
        )) [ ];
      in
      {
        memorySize = option types.ints.positive 1024;
        diskSize = option (types.nullOr types.ints.positive) 1024;
        inherit forwardPorts;
        vmVariant.virtualisation = { inherit forwardPorts; };
      };
  };
  config.networking.firewall.allowedTCPPorts = lib.mkIf (
    config.services.openssh.enable && config.services.openssh.openFirewall
  ) config.services.openssh.ports;
}

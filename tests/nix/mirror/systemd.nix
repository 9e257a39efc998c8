# Units (nixpkgs: nixos/lib/systemd-unit-options.nix, nixos/lib/systemd-lib.nix, nixos/modules/system/boot/systemd.nix,
# systemd/tmpfiles.nix and networkd.nix).
{ lib, ... }:
let
  inherit (lib) mkOption types;
  option = type: default: mkOption { inherit type default; };
  unitName = types.strMatching "[a-zA-Z0-9@%:_.\\-]+[.](service|socket|device|mount|automount|swap|target|path|timer|scope|slice)";
  units = option (types.listOf unitName) [ ];
  value = types.oneOf [
    types.bool
    types.int
    types.str
    types.path
    (types.listOf types.str)
  ];
  section = option (types.attrsOf value) { };
  lines = option types.lines "";
  common = {
    enable = option types.bool true;
    description = option types.singleLineStr "";
    documentation = option (types.listOf types.str) [ ];
    aliases = units;
    wantedBy = units;
    requiredBy = units;
    requires = units;
    wants = units;
    upholds = units;
    after = units;
    before = units;
    bindsTo = units;
    partOf = units;
    conflicts = units;
    requisite = units;
    onFailure = units;
    onSuccess = units;
    unitConfig = section;
    restartTriggers = option (types.listOf types.unspecified) [ ];
    reloadTriggers = option (types.listOf types.unspecified) [ ];
    startLimitBurst = option (types.nullOr types.int) null;
    startLimitIntervalSec = option (types.nullOr types.int) null;
  };
  service = common // {
    environment = option (types.attrsOf (
      types.nullOr (
        types.oneOf [
          types.str
          types.path
          types.package
        ]
      )
    )) { };
    path = option (types.listOf (types.either types.package types.str)) [ ];
    serviceConfig = section;
    script = lines;
    scriptArgs = option types.str "";
    preStart = lines;
    postStart = lines;
    reload = lines;
    preStop = lines;
    postStop = lines;
    restartIfChanged = option types.bool true;
    reloadIfChanged = option types.bool false;
    stopIfChanged = option types.bool true;
    startAt = mkOption {
      type = types.either types.str (types.listOf types.str);
      default = [ ];
      apply = lib.toList;
    };
    enableStrictShellChecks = option types.bool false;
  };
  set = options: option (types.attrsOf (types.submodule { inherit options; })) { };
in
{
  options.systemd = {
    services = set service;
    targets = set common;
    paths = set (common // { pathConfig = section; });
    timers = set (common // { timerConfig = section; });
    # nixpkgs: nixos/modules/system/boot/networkd.nix.
    network = {
      links = set {
        matchConfig = section;
        linkConfig = section;
      };
      networks = set {
        matchConfig = section;
        linkConfig = section;
        networkConfig = section;
        address = option (types.listOf types.str) [ ];
      };
    };
    tmpfiles.settings = option (types.attrsOf (
      types.attrsOf (
        types.attrsOf (
          types.submodule {
            options = {
              type = option types.str "";
              mode = option types.str "-";
              user = option types.str "-";
              group = option types.str "-";
              age = option types.str "-";
              argument = option types.str "";
            };
          }
        )
      )
    )) { };
  };
}

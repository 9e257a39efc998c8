# The options of microvm.nix that a machine sets (microvm-nix/microvm.nix: nixos-modules/microvm/options.nix).
{ lib, ... }:
let
  inherit (lib) mkOption types;
  option = type: default: mkOption { inherit type default; };
  required = type: mkOption { inherit type; };
  set = options: option (types.listOf (types.submodule { inherit options; })) [ ];
  port = {
    address = option types.str "";
    port = required types.port;
  };
in
{
  options.microvm = {
    hypervisor = option (types.enum [
      "qemu"
      "cloud-hypervisor"
      "firecracker"
      "crosvm"
      "kvmtool"
      "stratovirt"
      "alioth"
      "vfkit"
    ]) "qemu";
    vcpu = option types.ints.positive 1;
    mem = option types.ints.positive 512;
    forwardPorts = set {
      from = option (types.enum [
        "host"
        "guest"
      ]) "host";
      proto = option (types.enum [
        "tcp"
        "udp"
      ]) "tcp";
      host = port;
      guest = port;
    };
    volumes = set {
      image = required types.str;
      mountPoint = required (types.nullOr types.path);
      size = required types.int;
    };
    interfaces = set {
      type = required (
        types.enum [
          "user"
          "tap"
          "macvtap"
          "bridge"
        ]
      );
      id = required types.str;
      mac = required types.str;
    };
    shares = set {
      tag = required types.str;
      source = required types.nonEmptyStr;
      mountPoint = required types.path;
      proto = option (types.enum [
        "9p"
        "virtiofs"
      ]) "9p";
    };
  };
}

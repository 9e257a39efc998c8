# The NixOS modules by name. Each imports what it needs, so that any of them can be taken alone.
{
  lib,
  ageModule,
  packageFor,
}:
let
  base =
    { pkgs, ... }:
    {
      imports = [ ./manifestgen.nix ];
      services.manifestgen.package = lib.mkDefault (packageFor pkgs);
    };
  parts = {
    primer = [
      ./primer.nix
      ./node.nix
      ./join-keys.nix
    ];
    worker = [
      ./worker.nix
      ./node.nix
    ];
    mesh = [
      ./mesh.nix
      ./wireguard.nix
    ];
    secrets = [
      ageModule
      ./secrets.nix
    ];
  };
  # Files may be imported twice; functions, as `base` is one, need a key for that.
  module = key: imports: {
    _file = "manifestgen#nixosModules.${key}";
    key = "manifestgen#nixosModules.${key}";
    inherit imports;
  };
  common = module "manifestgen" [ base ];
in
lib.mapAttrs (
  name: files: module name ([ common ] ++ parts.mesh ++ lib.optionals (name != "mesh") files)
) parts
// {
  # Beside the module of microvm.nix, so it is part of no other.
  microvm = module "microvm" [
    common
    ./primer.nix
    ./join-keys.nix
    ./microvm.nix
  ];
  default = module "default" ([ common ] ++ lib.concatLists (lib.attrValues parts));
}

# All machines of a cluster file, each a NixOS system.
{
  lib,
  defaultSystem,
  module,
}:
{
  # The cluster file as a value; the modules write it.
  settings,
  # What `manifestgen render --format nix` makes of it: it says which machines there are.
  index,
  # A built-in profile, or one of the file's own.
  profile ? null,
  system ? "x86_64-linux",
  # `lib.nixosSystem` of a nixpkgs of one's own.
  nixosSystem ? defaultSystem,
  # Modules of every machine, and of single ones by name: hardware, users, the key that a worker joins with.
  shared ? [ ],
  machines ? { },
}:
let
  named = lib.attrNames (import index).nodes;
  unknown = lib.subtractLists named (lib.attrNames machines);
in
assert lib.assertMsg (unknown == [ ])
  "mkCluster: `machines` has ${lib.concatStringsSep ", " unknown}, which ${toString index} does not; it has ${lib.concatStringsSep ", " named}";
lib.genAttrs named (
  name:
  nixosSystem {
    inherit system;
    modules = [
      module
      {
        networking.hostName = name;
        services.manifestgen = {
          enable = true;
          inherit index profile settings;
        };
      }
    ]
    ++ shared
    ++ lib.toList (machines.${name} or [ ]);
  }
)

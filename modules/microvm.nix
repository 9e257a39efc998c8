# The machine as a microvm, for development. It sets options of microvm.nix (github.com/microvm-nix/microvm.nix), whose own
# module has to be imported beside this one: `imports = [ microvm.nixosModules.microvm manifestgen.nixosModules.microvm ]`.
{
  config,
  lib,
  ...
}:
let
  inherit (lib) mkOption types;
  cluster = config.services.manifestgen;
  cfg = config.cluster.microvm;
  inherit (cluster) node nodeName;
  # The same at each start, and locally administered, as the second digit says.
  mac =
    first:
    lib.concatMapStringsSep ":" (
      number: lib.substring (2 * number) 2 (first + builtins.hashString "sha256" nodeName)
    ) (lib.range 0 5);
  ofCluster = mac "02";
  ofHost = mac "06";
  interface = "cluster0";
in
{
  options.cluster.microvm = {
    tap = mkOption {
      type = types.strMatching "[^/ ]{1,15}";
      default = lib.substring 0 15 "vm-${nodeName}";
      defaultText = lib.literalMD "`vm-NAME`, as much of it as the name of an interface can hold";
      example = "vm-primer";
      description = ''
        The tap interface on the host by which this machine reaches the others: put those of all machines into one bridge.
      '';
    };
    prefixLength = mkOption {
      type = types.ints.between 0 32;
      default = 24;
      description = "How much of this machine's `address` in the cluster file names the network of that bridge. Of an IPv6 address it is 64.";
    };
    disk = mkOption {
      type = types.ints.positive;
      default = 8192;
      description = ''
        The size in MiB of the disk that the machine keeps. On it are the cluster's database, images and volumes, what k3s,
        Tailscale and SSH know the machine by, and all else but the store.
      '';
    };
  };

  config = lib.mkIf cluster.enable {
    microvm = {
      hypervisor = lib.mkDefault "qemu";
      vcpu = lib.mkDefault 2;
      # Not 2048, with which QEMU's microvm hangs (microvm.nix#171).
      mem = lib.mkDefault 3072;
      interfaces = [
        {
          type = "tap";
          id = cfg.tap;
          mac = ofCluster;
        }
        # The network outside, for images, and the way in from the host.
        {
          type = "user";
          id = "host";
          mac = ofHost;
        }
      ];
      forwardPorts = lib.mkIf (config.cluster.primer.enable && config.cluster.primer.forwardPorts) (
        import ./forwards.nix { inherit lib cluster; }
      );
      shares = [
        {
          tag = "ro-store";
          source = "/nix/store";
          mountPoint = "/nix/.ro-store";
        }
      ];
      volumes = [
        {
          image = "${nodeName}.img";
          mountPoint = "/";
          size = cfg.disk;
        }
      ];
    };

    services.manifestgen.nodeInterfaces = [ interface ];
    networking.useNetworkd = true;
    systemd.network = {
      links."10-cluster" = {
        matchConfig.PermanentMACAddress = ofCluster;
        linkConfig.Name = interface;
      };
      networks = {
        "10-cluster" = {
          matchConfig.PermanentMACAddress = ofCluster;
          address = map (
            address: "${address}/${if lib.hasInfix ":" address then "64" else toString cfg.prefixLength}"
          ) (node.addresses or [ ]);
          linkConfig.RequiredForOnline = "no";
        };
        "10-host" = {
          matchConfig.PermanentMACAddress = ofHost;
          networkConfig.DHCP = "yes";
        };
      };
    };
  };
}

{
  # imports = [ ./primer-hardware.nix ];
  cluster.joinKeys = {
    # Of `ssh-keyscan -t ed25519 worker`, without the name in front.
    # recipients.worker = "ssh-ed25519 AAAA…";
    tags = [ "tag:node" ];
  };
  # The interface by which this machine is reached in the local network.
  # services.manifestgen.nodeInterfaces = [ "enp1s0" ];
}

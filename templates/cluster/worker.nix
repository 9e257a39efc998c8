{
  # imports = [ ./worker-hardware.nix ];
}

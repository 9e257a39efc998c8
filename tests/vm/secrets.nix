# The token of k3s and Headscale's keys come from agenix, and one of them is rotated.
{ lib, pkgs, ... }:
let
  base = import ./cluster.nix { inherit lib pkgs; };
  fixtures = ../../fixtures/nix;
  # What `manifestgen secret` made the files of.
  known = lib.importJSON (fixtures + "/cluster/cluster.json");
in
{
  nodes.primer =
    { lib, ... }:
    {
      services.manifestgen.images = [ (import ./images.nix { inherit pkgs; }).headscale ];
      services.manifestgen.settings = {
        inherit (base) cluster images;
        inherit (known) recipients secrets;
        k3s = removeAttrs base.k3s [ "tokenFile" ];
        nodes = [ (base.primer // { inherit (lib.head known.nodes) hostKeys; }) ];
        headscale = base.headscale // {
          useAgenixSecrets = true;
        };
      };
      # A bare path would stay one of the host, which the machine does not have.
      age.identityPaths = [ "${fixtures}/identity.txt" ];
      cluster.secrets.folder = lib.mkDefault (fixtures + "/cluster/secrets");
      specialisation.rotated.configuration.cluster.secrets.folder = fixtures + "/rotated/secrets";
    };
  testScript = builtins.readFile ./scripts/cluster.py + builtins.readFile ./scripts/secrets.py;
}

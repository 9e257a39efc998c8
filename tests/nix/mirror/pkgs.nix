# The part of nixpkgs that is used, as derivations that cannot be built. What is not named here fails to evaluate, and
# so does an argument that the real function does not take.
{ lib }:
let
  store = builtins.storeDir;
  derivation =
    name: extra:
    {
      type = "derivation";
      inherit name;
      outPath = "${store}/${lib.fixedWidthString 32 "0" ""}-${name}";
      drvPath = "${store}/${lib.fixedWidthString 32 "0" ""}-${name}.drv";
      meta.mainProgram = name;
    }
    // extra;
  package =
    name: version:
    derivation "${name}-${version}" {
      pname = name;
      inherit version;
      meta.mainProgram = name;
    };
  json =
    with lib.types;
    let
      value =
        nullOr (oneOf [
          bool
          int
          float
          str
          path
          (attrsOf value)
          (listOf value)
        ])
        // {
          description = "JSON value"; # its own would never end
        };
    in
    value;
  pkgs = {
    inherit lib;
    stdenv.hostPlatform.system = "x86_64-linux";
    writeText = name: text: derivation name { inherit text; };
    writeShellApplication =
      {
        name,
        runtimeInputs ? [ ],
        text,
      }:
      assert lib.all lib.isDerivation runtimeInputs;
      derivation name { inherit text runtimeInputs; };
    writeShellScript = name: text: derivation name { inherit text; };
    runCommand =
      name: environment: command:
      derivation name {
        inherit command;
        passthru = environment.passthru or { };
      };
    # Its path changes with what it links to, as a real one does.
    linkFarm =
      name: entries:
      assert lib.isAttrs entries;
      let
        links = lib.mapAttrs (_: toString) entries;
      in
      derivation name {
        inherit links;
        outPath = "${store}/${builtins.hashString "md5" (builtins.toJSON links)}-${name}";
      };
    formats.json = { }: {
      type = json;
      generate = name: value: derivation name { inherit value; };
    };
    dockerTools.buildLayeredImage =
      {
        name,
        tag,
        contents,
        config,
      }:
      assert lib.all lib.isDerivation contents;
      # The name of the file: the last part of the image's.
      derivation "${baseNameOf name}.tar.gz" {
        imageName = name;
        imageTag = tag;
        inherit config;
      };
    mkShell =
      { packages }:
      assert lib.all lib.isDerivation packages;
      derivation "shell" { };
    rustPlatform.buildRustPackage =
      arguments@{
        pname,
        version,
        src,
        cargoLock,
        ...
      }:
      # Any other name would be an environment variable that means nothing.
      assert
        lib.attrNames arguments == [
          "cargoLock"
          "cargoTestFlags"
          "meta"
          "nativeBuildInputs"
          "pname"
          "postInstall"
          "src"
          "version"
        ];
      assert lib.isDerivation src || builtins.isPath src || lib.isStringLike src;
      assert cargoLock ? lockFile && builtins.pathExists cargoLock.lockFile;
      derivation "${pname}-${version}" (
        arguments
        // {
          overrideAttrs = change: derivation "${(change arguments).pname}-${version}" (change arguments);
        }
      );
    callPackage =
      file: overrides:
      let
        function = import file;
      in
      function (
        lib.mapAttrs (name: _: pkgs.${name}) (
          removeAttrs (lib.functionArgs function) (lib.attrNames overrides)
        )
        // overrides
      );
    age = package "age" "1.3.1";
    argocd = package "argocd" "3.3.2";
    bash = package "bash" "5.3";
    cacert = package "cacert" "3.117";
    cargo = package "cargo" "1.95.0";
    clippy = package "clippy" "1.95.0";
    coredns = package "coredns" "1.14.1";
    coreutils = package "coreutils" "9.10";
    curl = package "curl" "8.20.0";
    deadnix = package "deadnix" "1.3.1";
    dex-oidc = package "dex-oidc" "2.45.0";
    etcd = package "etcd" "3.6.8";
    findutils = package "findutils" "4.10.0";
    git = package "git" "2.53.0";
    gnugrep = package "gnugrep" "3.12";
    gnupg = package "gnupg" "2.4.9";
    go = package "go" "1.26.3";
    headscale = package "headscale" "0.28.0";
    installShellFiles = package "install-shell-files" "0";
    jq = package "jq" "1.8.1";
    k3s = package "k3s" "1.35.4+k3s1";
    kubectl = package "kubectl" "1.35.4";
    kubernetes = package "kubernetes" "1.35.4";
    mount = package "mount" "2.42";
    nixfmt = package "nixfmt" "1.2.0";
    nixfmt-tree = package "nixfmt-tree" "1.2.0";
    openssl = package "openssl" "3.6.1";
    python3 = package "python3" "3.13.13";
    redis = package "redis" "8.2.3";
    rustc = package "rustc" "1.95.0";
    rustfmt = package "rustfmt" "1.95.0";
    shellcheck = package "shellcheck" "0.11.0";
    tailscale = package "tailscale" "1.98.0";
    tini = package "tini" "0.19.0";
    traefik = package "traefik" "3.7.6";
    whoami = package "whoami" "1.11.0";
  };
in
pkgs

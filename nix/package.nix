# The program. `Cargo.lock` says what it is made of: no hash has to be kept up to date here.
{
  lib,
  rustPlatform,
  rustc,
  installShellFiles,
}:
let
  root = ../.;
  manifest = lib.importTOML ../Cargo.toml;
in
# A compiler that is too old fails far inside of some dependency; this says it first.
assert lib.assertMsg (lib.versionAtLeast rustc.version manifest.package.rust-version)
  "manifestgen needs Rust ${manifest.package.rust-version} or later, and this nixpkgs has ${rustc.version}: take a later nixpkgs";
rustPlatform.buildRustPackage {
  pname = "manifestgen";
  inherit (manifest.package) version;

  # Never the whole tree: `.git` and `target` change on every build, and each change would be a new package.
  src = lib.fileset.toSource {
    inherit root;
    fileset = lib.fileset.unions [
      ../Cargo.toml
      ../Cargo.lock
      ../rustfmt.toml
      ../src
      ../data
      ../benches
      ../examples
    ];
  };
  cargoLock.lockFile = ../Cargo.lock;

  nativeBuildInputs = [ installShellFiles ];

  # The integration tests need etcd, kube-apiserver, Headscale and Go; they are `tests/run`'s.
  cargoTestFlags = [
    "--lib"
    "--bins"
  ];

  postInstall = ''
    for shell in bash fish zsh; do
      $out/bin/manifestgen completions $shell >manifestgen.$shell
    done
    installShellCompletion --bash manifestgen.bash --fish manifestgen.fish --zsh manifestgen.zsh
    $out/bin/manifestgen man >manifestgen.1
    installManPage manifestgen.1
  '';

  meta = {
    inherit (manifest.package) description;
    homepage = manifest.package.repository;
    license = lib.licenses.asl20;
    mainProgram = "manifestgen";
    platforms = lib.platforms.linux;
  };
}

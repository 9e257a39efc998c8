module manifestgen.invalid/toolchain/dagger-stand-in

go 1.26.0

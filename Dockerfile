# The emulator in a container of its own, and the example authorization server for `--with-server`: nothing but two static
# binaries. Build them first, on Linux:
#
#   RUSTFLAGS="-C target-feature=+crt-static" cargo build --release --locked --target x86_64-unknown-linux-gnu \
#     -p authlete-emulator -p authorization-server --bins --examples
#   docker build -t authlete-emulator .
#   docker run --rm -p 127.0.0.1:8080:8080 authlete-emulator
#   docker run --rm -p 127.0.0.1:8080:8080 -p 127.0.0.1:3000:3000 authlete-emulator --with-server
#
# The target x86_64-unknown-linux-musl does as well; it needs `rustup target add` and a C compiler for musl (musl-tools on
# Debian), and its name in place of the other one below.
FROM scratch
COPY target/x86_64-unknown-linux-gnu/release/authlete-emulator /authlete-emulator
COPY target/x86_64-unknown-linux-gnu/release/examples/authorization-server /authorization-server
# Inside the container every address is its own; `docker run -p 127.0.0.1:8080:8080` keeps it on this machine.
ENV AUTHLETE_EMULATOR_LISTEN=0.0.0.0 AUTHLETE_EMULATOR_PORT=8080
EXPOSE 8080 3000
HEALTHCHECK --interval=2s --timeout=5s CMD ["/authlete-emulator", "--wait", "http://127.0.0.1:8080", "--timeout", "4"]
USER 65534:65534
ENTRYPOINT ["/authlete-emulator"]

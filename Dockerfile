# The emulator in a container of its own: nothing but one static binary. Build the binary first, on Linux:
#
#   rustup target add x86_64-unknown-linux-musl
#   cargo build --release --locked -p authlete-emulator --target x86_64-unknown-linux-musl
#   docker build -t authlete-emulator .
#   docker run --rm -p 127.0.0.1:8080:8080 authlete-emulator
#
# The target needs a C compiler for musl (musl-tools on Debian).
FROM scratch
COPY target/x86_64-unknown-linux-musl/release/authlete-emulator /authlete-emulator
# Inside the container every address is its own; `docker run -p 127.0.0.1:8080:8080` keeps it on this machine.
ENV AUTHLETE_EMULATOR_LISTEN=0.0.0.0 AUTHLETE_EMULATOR_PORT=8080
EXPOSE 8080
HEALTHCHECK --interval=2s --timeout=5s CMD ["/authlete-emulator", "--wait", "http://127.0.0.1:8080", "--timeout", "4"]
USER 65534:65534
ENTRYPOINT ["/authlete-emulator"]

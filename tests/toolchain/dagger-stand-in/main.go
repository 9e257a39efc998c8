// Command dagger-stand-in stands in for a Dagger engine and for its command line where those cannot be had.
//
// What the tests ask of it is done as dagger v0.21.8 does it: the flags, the lock of the cache and the listeners (`cmd/engine/main.go`), and how a
// client reads where the engine is (`engine/client/drivers`). It builds nothing: an engine says who it is and how often its cache was opened.
// Under the name `dagger` it is the command line.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	engineConfig = "/etc/dagger/engine.json"
	socket       = "unix:///run/dagger/engine.sock"
)

func main() {
	name := filepath.Base(os.Args[0])
	run := engine
	if name == "dagger" {
		run = client
	}
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

type addresses []string

func (a *addresses) String() string { return strings.Join(*a, ",") }

func (a *addresses) Set(address string) error {
	*a = append(*a, address)
	return nil
}

func engine(arguments []string) error {
	flags := flag.NewFlagSet("dagger-engine", flag.ContinueOnError)
	var listenAt addresses
	flags.Var(&listenAt, "addr", "listening address")
	root := flags.String("root", "/var/lib/dagger", "state directory")
	certificate := flags.String("tlscert", "", "certificate")
	key := flags.String("tlskey", "", "its key")
	authority := flags.String("tlscacert", "", "the authority of clients")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if len(listenAt) == 0 {
		listenAt = addresses{socket}
	}
	if err := checkConfig(); err != nil {
		return err
	}
	unlock, err := lock(*root)
	if err != nil {
		return err
	}
	defer unlock()
	opened, err := count(filepath.Join(*root, "opened"))
	if err != nil {
		return err
	}
	config, err := serverTLS(*certificate, *key, *authority)
	if err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	answer := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "engine %s, opening %d of its cache\n", host, opened)
	})
	failed := make(chan error, len(listenAt))
	for _, address := range listenAt {
		listener, err := listen(address, config)
		if err != nil {
			return err
		}
		fmt.Println("running server on", address)
		go func() { failed <- http.Serve(listener, answer) }()
	}
	ends := make(chan os.Signal, 1)
	signal.Notify(ends, syscall.SIGINT, syscall.SIGTERM)
	select {
	case err := <-failed:
		return err
	case <-ends:
		return nil
	}
}

func checkConfig() error {
	text, err := os.ReadFile(engineConfig)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var config map[string]any
	if err := json.Unmarshal(text, &config); err != nil {
		return fmt.Errorf("%s: %w", engineConfig, err)
	}
	return nil
}

// lock takes the cache for this engine alone, or says that it cannot: nobody waits here.
func lock(root string) (func(), error) {
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(root, "dagger-engine.lock")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("could not lock %s: %w", path, err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, fmt.Errorf("could not lock %s, another instance running?", path)
	}
	return func() {
		_ = file.Close()
		_ = os.Remove(path)
	}, nil
}

// count adds one to the number in a file.
func count(path string) (int, error) {
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, err
	}
	number, _ := strconv.Atoi(string(text))
	return number + 1, os.WriteFile(path, []byte(strconv.Itoa(number+1)), 0o600)
}

func serverTLS(certificate, key, authority string) (*tls.Config, error) {
	if certificate == "" && key == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return nil, fmt.Errorf("could not load server key pair: %w", err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	if authority != "" {
		if config.ClientCAs, err = pool(authority); err != nil {
			return nil, err
		}
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return config, nil
}

func pool(path string) (*x509.CertPool, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("no certificate in %s", path)
	}
	return pool, nil
}

// listen speaks TLS where it is configured, but never on a socket.
func listen(address string, config *tls.Config) (net.Listener, error) {
	kind, at, _ := strings.Cut(address, "://")
	if kind == "unix" {
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			return nil, err
		}
		_ = os.Remove(at) // of the one before, in a container that started again
		return net.Listen("unix", at)
	}
	listener, err := net.Listen("tcp", at)
	if err != nil || config == nil {
		return listener, err
	}
	return tls.NewListener(listener, config), nil
}

// client asks the engine who it is, whatever the arguments.
func client([]string) error {
	target := os.Getenv("_EXPERIMENTAL_DAGGER_RUNNER_HOST")
	if target == "" {
		target = socket
	}
	parsed, err := url.Parse(target)
	if err != nil {
		return err
	}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx, parsed) }}
	asked := http.Client{Transport: transport, Timeout: 5 * time.Second}
	answer, err := asked.Get("http://engine/")
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return errors.New(answer.Status)
	}
	_, err = io.Copy(os.Stdout, answer.Body)
	return err
}

func dial(ctx context.Context, target *url.URL) (net.Conn, error) {
	var dialer net.Dialer
	switch target.Scheme {
	case "unix":
		return dialer.DialContext(ctx, "unix", target.Path)
	case "tcp":
		return dialer.DialContext(ctx, "tcp", target.Host)
	case "tls":
		config, err := clientTLS(target)
		if err != nil {
			return nil, err
		}
		return (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", target.Host)
	}
	return nil, fmt.Errorf("no way to %s", target)
}

func clientTLS(target *url.URL) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: target.Hostname()}
	query := target.Query()
	if certificate, key := query.Get("cert_path"), query.Get("key_path"); certificate != "" {
		pair, err := tls.LoadX509KeyPair(certificate, key)
		if err != nil {
			return nil, err
		}
		// Shown whatever authorities the engine names: whether it refuses is its own to decide.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	}
	if authority := query.Get("ca_path"); authority != "" {
		var err error
		if config.RootCAs, err = pool(authority); err != nil {
			return nil, err
		}
	}
	return config, nil
}

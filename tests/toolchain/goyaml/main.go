// goyaml reads YAML the way every Go program of Kubernetes does (sigs.k8s.io/yaml, which
// reads with go.yaml.in/yaml/v2) and prints what it understood as JSON, one line a document.
// It is the Go reader in the property test of the YAML writer.
//
//	goyaml           reads frames `<decimal byte length>\n<bytes>` from stdin until end of file
//	goyaml FILE...   reads each file as one frame
//
// Each frame is answered by one line, flushed at once: compact JSON, or `error: ...`.
// A key written twice and a second document in a frame are errors, because the lax reader
// would drop the first of the one and all of the other without a word.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	goyaml "go.yaml.in/yaml/v2"
	"sigs.k8s.io/yaml"
)

// maxFrame bounds what a wrong length can make us allocate.
const maxFrame = 256 << 20

func main() {
	out := bufio.NewWriter(os.Stdout)
	var err error
	if len(os.Args) > 1 {
		err = answerFiles(os.Args[1:], out)
	} else {
		err = answerFrames(bufio.NewReader(os.Stdin), out)
	}
	if err = errors.Join(err, out.Flush()); err != nil {
		fmt.Fprintln(os.Stderr, "goyaml:", err)
		os.Exit(1)
	}
}

func answerFiles(names []string, out *bufio.Writer) error {
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if err := answer(text, out); err != nil {
			return err
		}
	}
	return nil
}

func answerFrames(in *bufio.Reader, out *bufio.Writer) error {
	for {
		head, err := in.ReadString('\n')
		if errors.Is(err, io.EOF) && head == "" {
			return nil
		}
		if err != nil {
			return fmt.Errorf("frame length %q: %w", head, err)
		}
		size, err := strconv.ParseUint(strings.TrimSuffix(head, "\n"), 10, 32)
		if err != nil {
			return fmt.Errorf("frame length: %w", err)
		}
		if size > maxFrame {
			return fmt.Errorf("frame length %d is over %d", size, maxFrame)
		}
		text := make([]byte, size)
		if _, err := io.ReadFull(in, text); err != nil {
			return fmt.Errorf("frame of %d bytes: %w", size, err)
		}
		if err := answer(text, out); err != nil {
			return err
		}
	}
}

// answer writes the one line that belongs to a frame.
func answer(text []byte, out *bufio.Writer) error {
	line, err := toJSON(text)
	if err != nil {
		line = []byte("error: " + strings.Join(strings.Fields(err.Error()), " "))
	}
	if _, err := out.Write(append(line, '\n')); err != nil {
		return err
	}
	return out.Flush()
}

func toJSON(text []byte) (line []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			line, err = nil, fmt.Errorf("the reader panicked: %v", r)
		}
	}()
	if err := oneDocument(text); err != nil {
		return nil, err
	}
	escaped, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return nil, err
	}
	return unescapeHTML(escaped)
}

// oneDocument refuses what follows the first document: the library stops reading there.
func oneDocument(text []byte) error {
	documents := goyaml.NewDecoder(bytes.NewReader(text))
	documents.SetStrict(true)
	var value any
	if err := documents.Decode(&value); errors.Is(err, io.EOF) {
		return nil // empty text: the library answers null
	} else if err != nil {
		return err
	}
	switch err := documents.Decode(&value); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return err
	default:
		return errors.New("more than one document")
	}
}

// unescapeHTML writes the same JSON again with `<`, `>` and `&` as they are.
// Numbers keep their text.
func unescapeHTML(escaped []byte) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(escaped))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	var plain bytes.Buffer
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(plain.Bytes(), []byte("\n")), nil
}

//go:build linux

package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"imapop/ui/internal/pty"
)

// played puts a recording together again.
func played(t *testing.T, b []byte) (header map[string]any, drawn string) {
	t.Helper()
	last := -1.0
	for i, line := range bytes.Split(bytes.TrimSpace(b), []byte("\n")) {
		if i == 0 {
			if err := json.Unmarshal(line, &header); err != nil {
				t.Fatal(err)
			}
			continue
		}
		var e []any
		if err := json.Unmarshal(line, &e); err != nil || len(e) != 3 || e[1] != "o" || e[0].(float64) < last {
			t.Fatalf("line %d: %v: %s", i+1, err, line)
		}
		last = e[0].(float64)
		drawn += e[2].(string)
	}
	return header, drawn
}

// TestCastKeepsEveryCharacter holds that what is drawn in pieces, cut anywhere,
// comes back whole and in its time.
func TestCastKeepsEveryCharacter(t *testing.T) {
	text := "\x1b[1m● 会議 ├─ 🎂\x1b[0m\r\n"
	var b bytes.Buffer
	at := time.Unix(1_000_000, 0)
	c, err := newCast(&b, 80, 24, func() time.Time { at = at.Add(1500 * time.Millisecond); return at })
	if err != nil {
		t.Fatal(err)
	}
	for _, octet := range []byte(text) {
		c.output([]byte{octet})
	}
	if err := c.end(); err != nil {
		t.Fatal(err)
	}
	header, drawn := played(t, b.Bytes())
	if drawn != text || header["version"] != 2.0 || header["width"] != 80.0 || header["height"] != 24.0 {
		t.Errorf("%v %q", header, drawn)
	}
}

type fullDisk struct{ left int }

func (f *fullDisk) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, errors.New("no space left")
	}
	return len(b), nil
}

func TestCastSaysThatTheDiskIsFull(t *testing.T) {
	c, err := newCast(&fullDisk{150}, 80, 24, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		c.output([]byte("something that is drawn"))
	}
	if err := c.end(); err == nil || !strings.Contains(err.Error(), "no space") {
		t.Errorf("%v", err)
	}
}

// TestRecordedApp holds that a whole run is in the file, that the terminal is
// left as it was, and that a file that is there is not written over.
func TestRecordedApp(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "x.cast")
	bin, err := exec.LookPath("imapop")
	if err != nil {
		t.Fatalf("TestMain puts the program on the path: %v", err)
	}
	cmd := exec.Command(bin, "record", file)
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir, "TERM=xterm-256color", "LANG=C.UTF-8", "NO_COLOR=")
	term, err := pty.Start(cmd, 100, 30)
	if err != nil {
		t.Skipf("no terminal here: %v", err)
	}
	defer term.Close()
	for _, step := range [][2]string{{"4 Lessons", "4"}, {"Two doors", "q"}} {
		if !term.Await(step[0], soon) {
			t.Fatalf("%q was not drawn:\n%s", step[0], term.Output())
		}
		if err := term.Type(step[1]); err != nil {
			t.Fatal(err)
		}
	}
	quits(t, term)
	left(t, term)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	header, drawn := played(t, b)
	if header["width"] != 100.0 || !strings.Contains(drawn, "Two doors") || !strings.Contains(drawn, "\x1b[?1049h") {
		t.Errorf("%v, %d octets drawn", header, len(drawn))
	}
	if out, err := exec.Command(bin, "record", file).CombinedOutput(); err == nil {
		t.Errorf("again: %s", out)
	}
}

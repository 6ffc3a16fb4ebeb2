package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"imapop/account"
	"imapop/account/servertest/distance"
	"imapop/account/servertest/dovecot"
)

// retriever is one program that downloads a POP3 mailbox into a Maildir.
type retriever struct {
	name  string
	start func(dir, pop3 string) *exec.Cmd // prepares dir, where everything of it goes; the command is not started
	limit func(dir, pop3 string) error     // instead of start: in this process
	empty int                              // the exit code that says that nothing was new
}

// fetched is what one run of one program cost.
type fetched struct {
	took     time.Duration
	resident int64 // octets at the most
	trips    int   // turnarounds; 0: not told
}

// BenchmarkFetchAll downloads 2,000 messages of log-normal sizes (some 120 MB)
// and 10,000 small ones into an empty Maildir, durably and kept on the server: imapop beside the peers
// that are installed, and beside the least that a raw pipelined client needs,
// which parses nothing and syncs once. The programs take turns in one run:
//
//	go test -run - -bench 'FetchAll|FetchNothingNew' -benchtime 5x -timeout 120m ./ui/cli
//
// All use the plain port through a proxy that adds the distance. fetchmail writes
// one file of all messages (BSMTP), which nobody syncs: an MDA for each message
// would cost it more. A program that is far behind has one run only. With
// IMAPOP_BENCH_PROGRAMS=imapop,mpop only these take part.
func BenchmarkFetchAll(b *testing.B) {
	top := b.TempDir()
	for _, mail := range []struct {
		name string
		fill func(testing.TB) *dovecot.Server
		n    int
	}{
		{"2000-realistic", func(tb testing.TB) *dovecot.Server { return realistic(tb, 2000) }, 2000},
		{"10000-small", func(tb testing.TB) *dovecot.Server {
			return dovecot.Start(tb, dovecot.Options{FillInbox: 10_000})
		}, 10_000},
	} {
		srv := mail.fill(b)
		warm(b, srv)
		for _, rtt := range distances {
			pop := distance.Start(b, srv.POP3, rtt)
			b.Run(fmt.Sprintf("%s/%v", mail.name, rtt), func(b *testing.B) {
				compete(b, top, retrievers(b), func(r retriever, dir string) fetched {
					got := r.run(b, dir, pop.Addr)
					if n := stored(b, dir); n != mail.n && got.took > 0 {
						b.Fatalf("%s stored %d messages, want %d", r.name, n, mail.n)
					}
					return got
				})
			})
		}
	}
}

// BenchmarkFetchNothingNew is a second run, on mailboxes of 10,000 messages (or
// as many as IMAPOP_BENCH_SIZES says) all of which are here.
func BenchmarkFetchNothingNew(b *testing.B) {
	top := b.TempDir()
	for _, size := range fetchSizes(b) {
		srv := dovecot.Start(b, dovecot.Options{FillInbox: size})
		warm(b, srv)
		list := slices.DeleteFunc(retrievers(b), func(r retriever) bool { return r.start == nil })
		pop := distance.Start(b, srv.POP3, 0)
		dirs := map[string]string{}
		var good []retriever
		for _, r := range list {
			dirs[r.name] = b.TempDir()
			got := r.run(b, dirs[r.name], pop.Addr)
			if n := stored(b, dirs[r.name]); n != size && got.took > 0 {
				b.Fatalf("%s stored %d messages, want %d", r.name, n, size)
			}
			if got.took > 0 {
				good = append(good, r)
			}
		}
		for _, rtt := range distances {
			pop.Move(rtt)
			b.Run(fmt.Sprintf("%d/%v", size, rtt), func(b *testing.B) {
				compete(b, top, good, func(r retriever, _ string) fetched { return r.run(b, dirs[r.name], pop.Addr) })
			})
		}
	}
}

func fetchSizes(b *testing.B) []int {
	if os.Getenv("IMAPOP_BENCH_SIZES") == "" {
		return []int{10_000}
	}
	return benchSizes(b)
}

// BenchmarkFetchLarge downloads one message of 500 MB, for its memory.
func BenchmarkFetchLarge(b *testing.B) {
	srv := dovecot.Start(b, dovecot.Options{FillInbox: 1})
	line := strings.Repeat("0123456789abcdef", 4) + "\n"
	addMail(b, srv, 1, []byte("From: a@example.org\nSubject: large\n\n"+strings.Repeat(line, 500_000_000/len(line))))
	warm(b, srv)
	compete(b, b.TempDir(), retrievers(b)[:1], func(r retriever, dir string) fetched { return r.run(b, dir, srv.POP3) })
}

var distances = []time.Duration{0, 20 * time.Millisecond}

// compete lets the programs take turns, and reports medians. What they write
// stays below top to the end: where many files went away in the last minutes,
// ext4 makes new ones ten times as slowly, for whoever comes next.
func compete(b *testing.B, top string, list []retriever, run func(r retriever, dir string) fetched) {
	results := map[string][]fetched{}
	for range b.N {
		for _, r := range list {
			if got := results[r.name]; len(got) > 0 && got[0].took > hopeless && got[0].took > 10*results[list[0].name][0].took {
				continue
			}
			dir, err := os.MkdirTemp(top, r.name)
			if err != nil {
				b.Fatal(err)
			}
			syscall.Sync() // what the one before left to write is not this one's cost
			if got := run(r, dir); got.took > 0 {
				results[r.name] = append(results[r.name], got)
			}
		}
	}
	list = slices.DeleteFunc(slices.Clone(list), func(r retriever) bool { return len(results[r.name]) == 0 })
	b.ReportMetric(0, "ns/op")
	first := median(results[list[0].name]).took
	for _, r := range list {
		m := median(results[r.name])
		b.ReportMetric(float64(m.took.Microseconds())/1000, r.name+"-ms")
		if r.name != list[0].name {
			b.ReportMetric(float64(first)/float64(m.took), list[0].name+":"+r.name)
		}
		b.ReportMetric(float64(m.resident)/(1<<20), r.name+"-MiB")
		if m.trips > 0 {
			b.ReportMetric(float64(m.trips), r.name+"-turnarounds")
		}
	}
}

// hopeless is how long a program must need before it is not run again.
const hopeless = 10 * time.Second

// median is the run of the median time.
func median(runs []fetched) fetched {
	runs = slices.Clone(runs)
	slices.SortFunc(runs, func(x, y fetched) int { return int(x.took - y.took) })
	return runs[len(runs)/2]
}

// run runs a program once. A peer that fails ends the benchmark, but for getmail:
// now and then it waits for a delivery that has ended, until its own timeout.
func (r retriever) run(tb testing.TB, dir, pop3 string) fetched {
	tb.Helper()
	start := time.Now()
	if r.limit != nil {
		if err := r.limit(dir, pop3); err != nil {
			tb.Fatalf("%s: %v", r.name, err)
		}
		return fetched{took: time.Since(start)}
	}
	cmd := r.start(dir, pop3)
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir, "IMAPOP_PASSWORD="+dovecot.Password)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	start = time.Now()
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	ended, peak := make(chan struct{}), make(chan int64)
	go watchMemory(cmd.Process.Pid, ended, peak)
	err := cmd.Wait()
	got := fetched{took: time.Since(start)}
	close(ended)
	got.resident = <-peak
	if err != nil && r.name == "getmail" {
		tb.Logf("%s is left out: %v\n%s", r.name, err, errs.String())
		return fetched{}
	}
	if err != nil && (r.empty == 0 || cmd.ProcessState.ExitCode() != r.empty) {
		tb.Fatalf("%s: %v\n%s", r.name, err, errs.String())
	}
	var doc fetchJSON
	if json.Unmarshal(out.Bytes(), &doc) == nil {
		got.trips = doc.Cost.Turnarounds
	}
	return got
}

// watchMemory reads a process's peak of resident memory until it has ended. The
// usage that wait gives would count this process's memory from before exec.
func watchMemory(pid int, ended <-chan struct{}, peak chan<- int64) {
	var highest int64
	tick := time.NewTicker(3 * time.Millisecond)
	defer tick.Stop()
	for {
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if _, rest, ok := strings.Cut(string(status), "VmHWM:"); ok {
			var kb int64
			fmt.Sscan(rest, &kb)
			highest = max(highest, kb<<10)
		}
		select {
		case <-ended:
			peak <- highest
			return
		case <-tick.C:
		}
	}
}

// retrievers lists imapop, the limit, and the peers that are installed.
func retrievers(tb testing.TB) []retriever {
	bin := build(tb)
	list := []retriever{
		{name: "imapop", start: func(dir, pop3 string) *exec.Cmd {
			return exec.Command(bin, "fetch", "--keep", "--json", "--config", fetchConfig(tb, dir, pop3))
		}},
		{name: "limit", limit: durableLimit},
	}
	for _, p := range []retriever{{name: "mpop", start: startMpop}, {name: "fetchmail", start: startFetchmail, empty: 1}, {name: "getmail", start: startGetmail}} {
		if _, err := exec.LookPath(p.name); err == nil {
			list = append(list, p)
		}
	}
	if only := os.Getenv("IMAPOP_BENCH_PROGRAMS"); only != "" {
		list = slices.DeleteFunc(list, func(r retriever) bool { return !slices.Contains(strings.Split(only, ","), r.name) })
	}
	return list
}

func writeFile(path, text string) string {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		panic(err)
	}
	return path
}

// fetchConfig writes a configuration for a POP3 server on its plain port.
func fetchConfig(tb testing.TB, dir, pop3 string) string {
	tb.Helper()
	return fetchConfigOver(tb, dir, account.Endpoint{Address: pop3, Security: account.Plaintext}, "")
}

// fetchConfigOver writes a configuration for any endpoint; caFile is for its certificate.
func fetchConfigOver(tb testing.TB, dir string, pop3 account.Endpoint, caFile string) string {
	tb.Helper()
	if caFile != "" {
		caFile = fmt.Sprintf("ca_file = %q\n", caFile)
	}
	return writeFile(filepath.Join(dir, "config.toml"), fmt.Sprintf(`[accounts.bench]
user = %q
password_env = "IMAPOP_PASSWORD"
maildir = %q
%s  [accounts.bench.imap]
  address = "127.0.0.1:1"
  security = "plaintext"
  [accounts.bench.pop3]
  address = %q
  security = %q
`, dovecot.User, filepath.Join(dir, "Maildir"), caFile, pop3.Address, pop3.Security))
}

func makeMaildir(dir string) string {
	for _, sub := range []string{"cur", "new", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, "Maildir", sub), 0o700); err != nil {
			panic(err)
		}
	}
	return filepath.Join(dir, "Maildir")
}

func startMpop(dir, pop3 string) *exec.Cmd {
	host, port, _ := strings.Cut(pop3, ":")
	rc := writeFile(filepath.Join(dir, "mpoprc"), fmt.Sprintf("account default\nhost %s\nport %s\nuser %s\npassword %s\nauth user\ntls off\nkeep on\nuidls_file %s\ndelivery maildir %s\n",
		host, port, dovecot.User, dovecot.Password, filepath.Join(dir, "uidls"), makeMaildir(dir)))
	return exec.Command("mpop", "-Q", "-C", rc)
}

func startFetchmail(dir, pop3 string) *exec.Cmd {
	host, port, _ := strings.Cut(pop3, ":")
	rc := writeFile(filepath.Join(dir, "fetchmailrc"), fmt.Sprintf("poll %s protocol pop3 service %s uidl auth password user %q password %q is %[3]q here keep sslproto '' bsmtp %[5]q\n",
		host, port, dovecot.User, dovecot.Password, filepath.Join(dir, "bsmtp")))
	return exec.Command("fetchmail", "--silent", "--nosyslog", "--idfile", filepath.Join(dir, "ids"), "-f", rc)
}

func startGetmail(dir, pop3 string) *exec.Cmd {
	host, port, _ := strings.Cut(pop3, ":")
	rc := writeFile(filepath.Join(dir, "getmailrc"), fmt.Sprintf("[retriever]\ntype = SimplePOP3Retriever\nserver = %s\nport = %s\nusername = %s\npassword = %s\ntimeout = 300\n[destination]\ntype = Maildir\npath = %s/\n[options]\nread_all = false\nverbose = 0\ndelivered_to = false\nreceived = false\n",
		host, port, dovecot.User, dovecot.Password, makeMaildir(dir)))
	cmd := exec.Command("getmail", "--getmaildir", dir, "--rcfile", rc)
	if os.Getuid() == 0 { // it does not deliver as root
		nobody := &syscall.Credential{Uid: 65534, Gid: 65534}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: nobody}
		for up := filepath.Dir(dir); strings.HasPrefix(up, os.TempDir()+"/"); up = filepath.Dir(up) {
			os.Chmod(up, 0o755)
		}
		filepath.WalkDir(dir, func(path string, _ fs.DirEntry, _ error) error {
			return os.Chown(path, int(nobody.Uid), int(nobody.Gid))
		})
	}
	return cmd
}

// stored counts what is in a retriever's directory.
func stored(tb testing.TB, dir string) int {
	tb.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "Maildir", "new", "*"))
	if err != nil {
		tb.Fatal(err)
	}
	if len(names) == 0 { // fetchmail writes one file
		b, _ := os.ReadFile(filepath.Join(dir, "bsmtp"))
		return bytes.Count(b, []byte("\nRCPT TO:"))
	}
	return len(names)
}

// realistic starts a server with n messages of log-normal sizes, 20 kB in the
// middle and 60 kB on the average.
func realistic(tb testing.TB, n int) *dovecot.Server {
	srv := dovecot.Start(tb, dovecot.Options{FillInbox: 1})
	random := rand.New(rand.NewPCG(3, 1939))
	line := strings.Repeat("bcdefghi", 9) + "\n"
	for i := 2; i <= n; i++ {
		size := int(min(5e6, 20_000*math.Exp(1.5*random.NormFloat64())))
		addMail(tb, srv, i, []byte(fmt.Sprintf("From: Sender <s@example.org>\nSubject: Message %d\nMessage-ID: <%d@realistic.example>\n\n", i, i)+
			strings.Repeat(line, size/len(line)+1)))
	}
	return srv
}

// addMail puts a message into the server's INBOX the way the server stores it.
func addMail(tb testing.TB, srv *dovecot.Server, i int, stored []byte) {
	tb.Helper()
	cur := filepath.Join(srv.Maildir, "cur")
	info, err := os.Stat(cur)
	if err != nil {
		tb.Fatal(err)
	}
	name := filepath.Join(cur, fmt.Sprintf("%d.M%dP1.filled,S=%d,W=%d:2,", 1_800_000_000+i, i, len(stored), len(stored)+bytes.Count(stored, []byte("\n"))))
	if err := os.WriteFile(name, stored, 0o600); err != nil {
		tb.Fatal(err)
	}
	owner := info.Sys().(*syscall.Stat_t)
	if err := os.Chown(name, int(owner.Uid), int(owner.Gid)); err != nil {
		tb.Fatal(err)
	}
}

// warm lets the server index its mail, so that no program pays for it.
func warm(tb testing.TB, srv *dovecot.Server) {
	tb.Helper()
	if err := durableLimit(tb.TempDir(), srv.POP3); err != nil {
		tb.Fatal(err)
	}
}

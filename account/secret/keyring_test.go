package secret

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/zalando/go-keyring"

	"imapop/account"
)

func TestKeyring(t *testing.T) {
	keyring.MockInit()
	src := account.SecretSource{Keyring: account.KeyringItem("work", "alice")}
	ctx := t.Context()
	_, err := Resolve(ctx, src, nil)
	if !errors.Is(err, ErrNotStored) || !strings.Contains(err.Error(), `service "imapop", user name "work/alice"`) {
		t.Errorf("nothing stored: %v", err)
	}
	if err := Store(ctx, src.Keyring, account.NewPassword("wonderland")); err != nil {
		t.Fatal(err)
	}
	if p, err := Resolve(ctx, src, nil); err != nil || p.Reveal() != "wonderland" {
		t.Errorf("stored: %q, %v", p.Reveal(), err)
	}
	for range 2 {
		if err := Forget(ctx, src.Keyring); err != nil {
			t.Errorf("forget: %v", err)
		}
	}
	if _, err := Stored(ctx, src.Keyring); !errors.Is(err, ErrNotStored) {
		t.Errorf("forgotten: %v", err)
	}
	if err := Store(ctx, src.Keyring, account.NewPassword("hunter2\n")); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a line break: %v", err)
	}
}

func TestNoKeyring(t *testing.T) {
	keyring.MockInitWithError(errors.New("no bus"))
	defer keyring.MockInit()
	err := Store(t.Context(), "work/alice", account.NewPassword("hunter2"))
	if !errors.Is(err, ErrNoKeyring) || !strings.Contains(err.Error(), "no bus") || !strings.Contains(err.Error(), "password_command") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

func TestKeyringThatWaitsForItsOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		never := make(chan string)
		_, err := inKeyring(t.Context(), "read", "work/alice", func() (string, error) { return <-never, nil })
		if err == nil || !strings.Contains(err.Error(), "waiting to be unlocked") {
			t.Errorf("got %v", err)
		}
		close(never)
	})
}

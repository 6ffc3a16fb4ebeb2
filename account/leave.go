package account

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// LeaveOnServer is what happens on the server to a message that POP3 has
// downloaded. The zero value keeps it.
type LeaveOnServer struct {
	Mode  LeaveMode
	After time.Duration // for LeaveDays: how long after the download (never after the Date header)
}

// LeaveMode is the kind of a LeaveOnServer policy. The values stand in ledgers:
// new ones go to the end.
type LeaveMode int

// The policies.
const (
	LeaveKeep    LeaveMode = iota // downloaded messages stay on the server
	LeaveDelete                   // DELE follows a durable download in the same session
	LeaveDays                     // DELE follows LeaveOnServer.After after the download
	LeaveRemoved                  // DELE follows when the owner removes the copy on this device
)

// untilRemoved is LeaveRemoved as it is written.
const untilRemoved = "until-removed"

// ParseLeaveOnServer reads "keep", "delete", "until-removed" or a number of days
// such as "7d".
func ParseLeaveOnServer(s string) (LeaveOnServer, error) {
	switch s {
	case "", "keep":
		return LeaveOnServer{}, nil
	case "delete":
		return LeaveOnServer{Mode: LeaveDelete}, nil
	case untilRemoved:
		return LeaveOnServer{Mode: LeaveRemoved}, nil
	}
	var days int
	if n, ok := strings.CutSuffix(s, "d"); ok {
		if _, err := fmt.Sscanf(n, "%d", &days); err == nil && days > 0 && days <= 3650 && fmt.Sprint(days) == n {
			return LeaveOnServer{Mode: LeaveDays, After: time.Duration(days) * 24 * time.Hour}, nil
		}
	}
	return LeaveOnServer{}, fmt.Errorf("leave_on_server %q is none of keep, delete, until-removed, or days such as 7d (1d to 3650d)", s)
}

// String gives the form that ParseLeaveOnServer reads.
func (l LeaveOnServer) String() string {
	switch l.Mode {
	case LeaveDelete:
		return "delete"
	case LeaveDays:
		return fmt.Sprintf("%dd", l.Days())
	case LeaveRemoved:
		return untilRemoved
	}
	return "keep"
}

// Days is LeaveDays' number of days.
func (l LeaveOnServer) Days() int { return int(l.After / (24 * time.Hour)) }

// ParseSize reads a size as its owner writes it: 500k, 10MB, 1GiB, or octets alone.
func ParseSize(s string) (octets int64, err error) {
	digits := strings.TrimRight(s, "kKmMgGiIbB")
	n, err := strconv.ParseInt(digits, 10, 64)
	unit, ok := map[string]int64{"": 1, "b": 1, "k": 1e3, "kb": 1e3, "m": 1e6, "mb": 1e6, "g": 1e9, "gb": 1e9,
		"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30}[strings.ToLower(s[len(digits):])]
	if err != nil || !ok || n <= 0 || n > 1<<62/unit {
		return 0, fmt.Errorf("%q is no size: a number of octets, with k, MB or GB behind it when you like", s)
	}
	return n * unit, nil
}

// The real CronJob controller in virtual time: a fake clientset in a testing/synctest bubble.
//
//	go test -c -o cronjobs ./cronjobs && ./cronjobs <scenarios.json
//
// Reads scenarios from standard input, writes what happens to standard output, a line of JSON each.
// A simulated year takes seconds, most of them for the heartbeat that the controller's queue has
// every ten seconds, so one scenario takes many CronJobs, each in the namespace of its own name.
package cronjobs

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"testing"
	"testing/synctest"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/util/retry"
	"k8s.io/kubernetes/pkg/controller/cronjob"
)

// scenario is what befalls one cluster, in order; the controller runs from its start on.
type scenario struct {
	Start, Until time.Time
	Steps        []step
}

// step does one thing at one time.
type step struct {
	At         time.Time
	CronJob    string           // whose name and namespace that is
	Create     *batchv1.CronJob // its Jobs run as long as their annotation "seconds", or for ever
	Merge      json.RawMessage  // into the CronJob that is there
	Delete     bool             // together with its Jobs, as a garbage collector does
	Controller string           // "stop" or "start"
}

func TestScenarios(t *testing.T) {
	// The second handler sleeps until a time that it remembers from before the bubble.
	utilruntime.ErrorHandlers = utilruntime.ErrorHandlers[:1]
	scenarios := json.NewDecoder(os.Stdin)
	scenarios.DisallowUnknownFields()
	for number := 0; ; number++ {
		var s scenario
		err := scenarios.Decode(&s)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		synctest.Test(t, func(t *testing.T) { s.live(t, newCluster(number)) })
	}
}

func (s *scenario) live(t *testing.T, c *cluster) {
	time.Sleep(time.Until(s.Start)) // a bubble begins in the year 2000
	stop := start(t, c)
	for _, step := range s.Steps {
		time.Sleep(time.Until(step.At))
		switch {
		case step.Controller == "stop":
			stop()
		case step.Controller == "start":
			stop = start(t, c)
		default:
			if err := step.do(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
	}
	time.Sleep(time.Until(s.Until))
	stop()
	close(c.over)
}

// start runs a controller with caches of its own, and returns what ends it.
func start(t *testing.T, c *cluster) func() {
	ctx, cancel := context.WithCancel(context.Background())
	caches := informers.NewSharedInformerFactory(c, 0)
	batch := caches.Batch().V1()
	controller, err := cronjob.NewControllerV2(ctx, batch.Jobs(), batch.CronJobs(), c)
	if err != nil {
		t.Fatal(err)
	}
	caches.Start(ctx.Done())
	synctest.Wait() // or the controller waits for its caches, most times for 0.1 s
	ended := make(chan struct{})
	go func() {
		controller.Run(ctx, 1)
		close(ended)
	}()
	return func() {
		cancel()
		<-ended
		caches.Shutdown()
	}
}

func (s *step) do(ctx context.Context, c *cluster) error {
	cronJobs := c.BatchV1().CronJobs(s.CronJob)
	if s.Create != nil {
		s.Create.Name, s.Create.Namespace = s.CronJob, s.CronJob
		_, err := cronJobs.Create(ctx, s.Create, metav1.CreateOptions{})
		return err
	}
	if s.Delete {
		if err := cronJobs.Delete(ctx, s.CronJob, metav1.DeleteOptions{}); err != nil {
			return err
		}
		return c.collect(ctx, s.CronJob)
	}
	return retry.RetryOnConflict(retry.DefaultRetry, func() error {
		current, err := cronJobs.Get(ctx, s.CronJob, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if err := json.Unmarshal(s.Merge, current); err != nil { // fills in what it names
			return err
		}
		_, err = cronJobs.Update(ctx, current, metav1.UpdateOptions{})
		return err
	})
}

package cronjobs

import (
	"context"
	"encoding/json"
	"os"
	"strconv"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	ktesting "k8s.io/client-go/testing"
)

// cluster is a fake clientset with what the CronJob controller needs of an API server, the Job
// controller and the garbage collector. The clientset holds a lock while it calls a reactor.
type cluster struct {
	*fake.Clientset
	number  int
	version int
	over    chan struct{}
}

func newCluster(number int) *cluster {
	c := &cluster{Clientset: fake.NewSimpleClientset(), number: number, over: make(chan struct{})}
	c.PrependReactor("create", "cronjobs", c.create)
	c.PrependReactor("create", "jobs", c.create)
	c.PrependReactor("update", "*", c.update)
	c.PrependReactor("delete", "jobs", c.remove)
	c.PrependReactor("*", "events", c.event)
	return c
}

// report writes a line about the CronJob of a namespace.
func (c *cluster) report(cronJob, kind string, about map[string]string) {
	about["scenario"], about["cronJob"], about["kind"] = strconv.Itoa(c.number), cronJob, kind
	about["at"] = time.Now().UTC().Format(time.RFC3339Nano)
	_ = json.NewEncoder(os.Stdout).Encode(about)
}

// create gives what an API server gives: the namespace, a uid, the whole second, a version.
func (c *cluster) create(action ktesting.Action) (bool, runtime.Object, error) {
	created := action.(ktesting.CreateAction).GetObject().(metav1.Object)
	_, err := c.Tracker().Get(action.GetResource(), action.GetNamespace(), created.GetName())
	if err == nil {
		return false, nil, nil // the tracker says AlreadyExists
	}
	c.stamp(created)
	created.SetNamespace(action.GetNamespace())
	created.SetUID(types.UID(created.GetResourceVersion()))
	created.SetCreationTimestamp(metav1.NewTime(time.Now().Truncate(time.Second)))
	if job, is := created.(*batchv1.Job); is {
		tick := job.Annotations[batchv1.CronJobScheduledTimestampAnnotation]
		c.report(job.Namespace, "start", map[string]string{"job": job.Name, "tick": tick})
		go c.run(job.DeepCopy())
	}
	return false, nil, nil
}

// update refuses what was read before the last update; without that the controller would write
// stale status.
func (c *cluster) update(action ktesting.Action) (bool, runtime.Object, error) {
	updated := action.(ktesting.UpdateAction).GetObject().(metav1.Object)
	resource := action.GetResource()
	stored, err := c.Tracker().Get(resource, action.GetNamespace(), updated.GetName())
	if err == nil && stored.(metav1.Object).GetResourceVersion() != updated.GetResourceVersion() {
		return true, nil, errors.NewConflict(resource.GroupResource(), updated.GetName(), nil)
	}
	c.stamp(updated)
	return false, nil, nil
}

func (c *cluster) stamp(changed metav1.Object) {
	c.version++
	changed.SetResourceVersion(strconv.Itoa(c.version))
}

// remove reports Jobs that are deleted while they run; those of the history are no news.
func (c *cluster) remove(action ktesting.Action) (bool, runtime.Object, error) {
	name := action.(ktesting.DeleteAction).GetName()
	stored, err := c.Tracker().Get(action.GetResource(), action.GetNamespace(), name)
	if err == nil && len(stored.(*batchv1.Job).Status.Conditions) == 0 {
		c.report(action.GetNamespace(), "end", map[string]string{"job": name, "how": "Deleted"})
	}
	return false, nil, nil
}

// event reports what the controller says; it says the same again only as a count, and little of
// what it says often.
func (c *cluster) event(action ktesting.Action) (bool, runtime.Object, error) {
	if create, is := action.(ktesting.CreateAction); is {
		event := create.GetObject().(*corev1.Event)
		about := map[string]string{"reason": event.Reason, "message": event.Message}
		c.report(event.InvolvedObject.Namespace, "event", about)
		return true, event, nil
	}
	return true, &corev1.Event{}, nil
}

// run plays the Job controller: a Job ends when its annotation or its deadline says so.
func (c *cluster) run(job *batchv1.Job) {
	how, after := batchv1.JobFailed, job.Spec.ActiveDeadlineSeconds
	seconds, err := strconv.ParseFloat(job.Annotations["seconds"], 64)
	if ends := err == nil; ends && (after == nil || seconds < float64(*after)) {
		how = batchv1.JobComplete
	} else if after == nil {
		return
	} else {
		seconds = float64(*after)
	}
	select {
	case <-c.over:
	case <-time.After(time.Duration(seconds * float64(time.Second))):
		c.end(job, how)
	}
}

func (c *cluster) end(job *batchv1.Job, how batchv1.JobConditionType) {
	c.ClearActions() // or a year of them is remembered
	jobs, now := c.BatchV1().Jobs(job.Namespace), metav1.Now()
	current, err := jobs.Get(context.Background(), job.Name, metav1.GetOptions{})
	if err != nil || current.UID != job.UID {
		return // deleted
	}
	current.Status.Conditions = []batchv1.JobCondition{{Type: how, Status: corev1.ConditionTrue}}
	if how == batchv1.JobComplete {
		current.Status.CompletionTime = &now
	}
	c.report(job.Namespace, "end", map[string]string{"job": job.Name, "how": string(how)})
	_, _ = jobs.UpdateStatus(context.Background(), current, metav1.UpdateOptions{})
}

// collect deletes the Jobs of a namespace whose CronJob is gone.
func (c *cluster) collect(ctx context.Context, namespace string) error {
	jobs := c.BatchV1().Jobs(namespace)
	found, err := jobs.List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, job := range found.Items {
		if err := jobs.Delete(ctx, job.Name, metav1.DeleteOptions{}); err != nil {
			return err
		}
	}
	return nil
}

import { useRoute } from 'preact-iso/router';
import { useEffect } from 'preact/hooks';
import { withQuery } from '../api';
import { Card, Page } from '../components/page';
import { errorClasses, explanations } from '../failures';

/** Every error class in words. `/console/errors/timeout` goes to the one. */
export function ErrorsPage() {
  const wanted = useRoute().params.class;
  useEffect(() => {
    if (wanted) document.getElementById(wanted)?.scrollIntoView({ block: 'start' });
  }, [wanted]);
  return (
    <Page
      title="Why deliveries fail"
      description="An attempt that fails has one of these classes. After each the delivery waits twice as long; once no attempt is left it has failed, and stays here to be delivered again."
    >
      <div class="stack">
        {errorClasses.map((errorClass) => {
          const { title, meaning, todo } = explanations[errorClass];
          return (
            <div key={errorClass} id={errorClass} class={errorClass === wanted ? 'explained wanted' : 'explained'}>
              <Card
                title={title}
                actions={
                  <>
                    <code class="tag">{errorClass}</code>
                    <a href={withQuery('/console/deliveries', { errorClass })}>Deliveries that failed so</a>
                  </>
                }
              >
                <p>{meaning}</p>
                <ol class="todo">
                  {todo.map((step) => (
                    <li key={step}>{step}</li>
                  ))}
                </ol>
              </Card>
            </div>
          );
        })}
      </div>
    </Page>
  );
}

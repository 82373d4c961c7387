import { proxyLocalActivities } from '@temporalio/workflow';

export interface PostRequest {
  url: string;
  id: string;
  body: string;
}

export interface BareActivities {
  post(request: PostRequest): Promise<void>;
}

const { post } = proxyLocalActivities<BareActivities>({ startToCloseTimeout: '10 s' });

/** The smallest workflow that delivers: what Temporal itself costs. */
export async function deliverOnce(request: PostRequest): Promise<void> {
  await post(request);
}

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

/** An exact amount, as text and as a number to draw with. */
export interface IAmount {
  text: string;
  main: string;
  value: number;
  delta: string;
  delta_value: number;
}

/** A project of a folder's ledger. */
export interface IProject {
  name: string;
  measure: string;
  symbol: string;
  unit: string;
  budget: IAmount;
  spent: IAmount;
  reserved: IAmount;
  remaining: IAmount;
  entries: number;
  version: number;
  /** When the notebook that was asked for spent from it last. */
  used: string | null;
}

/** One line of the ledger. */
export interface IEntry {
  entry: number;
  state: string;
  time: string;
  analyst: string;
  what: string;
  notebook: string | null;
  cost: IAmount;
  draw: number;
  within: string;
  code: string;
}

/** What one person was charged in all. */
export interface IPerson {
  analyst: string;
  charged: IAmount;
}

/** A page of entries, the newest first. */
export interface IPage {
  /** Who was charged how much; empty for what is sought, and for later pages. */
  persons: IPerson[];
  total: number;
  next: number | null;
  entries: IEntry[];
}

/** The server's own sentence about what went wrong. */
export class Refusal extends Error {}

async function get<T>(
  name: string,
  query: Record<string, string>,
  signal?: AbortSignal
): Promise<T> {
  const settings = ServerConnection.makeSettings();
  const url =
    URLExt.join(settings.baseUrl, 'privkit', name) +
    URLExt.objectToQueryString(query);
  let response: Response;
  try {
    response = await ServerConnection.makeRequest(url, { signal }, settings);
  } catch {
    throw new Refusal('The Jupyter server does not answer.');
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) {
    throw new Refusal(
      body.message && body.error
        ? body.message
        : 'The server extension of privkit is not available.'
    );
  }
  return body as T;
}

/** Return the projects of the ledger in `path`, a folder under the server's root. */
export async function projects(path: string, notebook: string): Promise<IProject[]> {
  return (await get<{ projects: IProject[] }>('projects', { path, notebook })).projects;
}

/** What narrows a page of entries. */
export interface IRange {
  before?: number;
  limit?: number;
  search?: string;
}

/** Return a page of a project's entries. */
export function entries(
  path: string,
  project: string,
  range: IRange = {},
  signal?: AbortSignal
): Promise<IPage> {
  const query: Record<string, string> = { path, project, limit: String(range.limit ?? 50) };
  if (range.before !== undefined) {
    query.before = String(range.before);
  }
  if (range.search) {
    query.search = range.search;
  }
  return get<IPage>('entries', query, signal);
}

/** Return the ledger's version when it is no longer the one that was seen, or after some time in any case. */
export async function changes(
  path: string,
  seen: string,
  signal: AbortSignal
): Promise<string> {
  return (await get<{ version: string }>('changes', { path, seen }, signal)).version;
}

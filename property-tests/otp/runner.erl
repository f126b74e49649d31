%% Lives random supervision trees on OTP's own supervisors: one sequence a line on standard input, as a term; what came
%% of it, step by step, a line of JSON on standard output. See sequence.ts for the terms.
-module(runner).
-export([main/0]).

%% Supervisors, workers and callers have high priority, and there is one scheduler: as long as any of them has something
%% to do, this process, of normal priority, does not run. So when it comes back from a yield all is quiet.

main() ->
    Tables = [otp_log, otp_attempts, otp_pids, otp_current, otp_scripts, otp_touched, otp_gates, otp_numbers, otp_up, otp_outcomes],
    [ets:new(Table, [named_table, public, ordered_set]) || Table <- Tables],
    logger:remove_handler(default),
    ok = logger:add_handler(otp, tree, #{level => error}),
    Collector = spawn_opt(fun tree:collect/0, [{priority, high}]),
    persistent_term:put(otp_collector, Collector),
    1 = erlang:trace_pattern({supervisor, terminate, 2}, true, []),
    try loop(Tables)
    catch Class:Reason:Stack ->
        io:format(standard_error, "~p: ~p~n~p~n", [Class, Reason, Stack]),
        halt(1)
    end.

loop(Tables) ->
    case io:get_line("") of
        eof ->
            halt(0);
        Line ->
            {ok, Tokens, _} = erl_scan:string(Line),
            {ok, {Tree, Commands}} = erl_parse:parse_term(Tokens),
            Steps = run(Tree, Commands),
            [exit(Pid, kill) || {Pid, _, _} <- ets:tab2list(otp_pids)],
            settle(),
            [ets:delete_all_objects(Table) || Table <- Tables],
            io:put_chars([json(Steps), $\n]),
            loop(Tables)
    end.

settle() -> [erlang:yield() || _ <- lists:seq(1, 4)].

%%% The commands. Those that cannot be compared, by design, are left out, and so not handed on to Reeve.

run({Id, _, _, _, _, _} = Tree, Commands) ->
    Runner = self(),
    Owner = spawn_opt(fun() -> process_flag(trap_exit, true), own(Runner, Id, Tree) end, [{priority, high}]),
    First = step(start),
    Steps = steps(Commands, 1, Owner, [First]),
    exit(Owner, kill),
    lists:reverse(Steps).

%% Whoever starts the uppermost supervisor.
own(Runner, Path, Tree) ->
    case tree:start_child(Path, Tree) of
        {ok, Pid} ->
            tree:note({outcome, ok}),
            receive
                stop -> exit(Pid, shutdown), receive {'EXIT', Pid, Reason} -> tree:note({exit, Reason}) end;
                {'EXIT', Pid, Reason} -> tree:note({exit, Reason})
            end;
        {error, _} ->
            tree:note({outcome, failed}), tree:note({exit, failed});
        ignore ->
            tree:note({outcome, ignored}), tree:note({exit, ignored})
    end,
    Runner ! {over, self()},
    receive after infinity -> ok end.

steps(Commands, Number, Owner, Done) ->
    receive
        {over, Owner} -> Done
    after 0 ->
        case next(Commands) of
            {Command, Rest} ->
                case apply_command(Command, Number, Owner) of
                    left_out -> steps(Rest, Number + 1, Owner, Done);
                    Applied -> settle(), steps(Rest, Number + 1, Owner, [step(Applied) | Done])
                end
        end
    end.

%% All sequences end alike: whatever waits is let go, and then the tree is stopped.
next([Command | Rest]) -> {Command, Rest};
next([]) ->
    case ets:info(otp_gates, size) of
        0 -> {stop, []};
        _ -> {{open, ok}, []}
    end.

apply_command(stop, _, Owner) ->
    case gate() of
        none -> Owner ! stop, stop;
        _ -> left_out % stop interrupts a start that is under way; OTP waits for it
    end;
apply_command({open, Verdict}, _, _) ->
    case gate() of
        none -> left_out;
        {Path, Pid} ->
            ets:delete(otp_gates, Path),
            Answer = answer(Path, Verdict),
            Pid ! {open, Answer},
            {open, Path, Answer}
    end;
apply_command({die, Supervisor, Deaths}, _, _) ->
    Living = [{Path, Pid, How} || {Path, How} <- Deaths, {_, Pid, worker} <- ets:lookup(otp_current, Path), is_process_alive(Pid),
                                   not is_ahead(Supervisor, mode(Supervisor), Path)],
    case {current(Supervisor), mode(Supervisor)} of
        {[Pid], Mode} when Living =/= [], Mode =/= apart -> die(Supervisor, Pid, Mode, Living);
        _ -> left_out
    end;
apply_command({call, Supervisor, Request}, Number, _) ->
    case {ets:lookup(otp_current, Supervisor), mode(Supervisor)} of
        {[{_, Pid, Nature}], Mode} when Nature =/= worker, Mode =/= apart -> % its id may have been given to a worker
            call(Supervisor, Pid, Mode, Request, Number);
        _ -> left_out
    end.

%% A dynamic child that is ignored at its restart is kept by OTP 25, with the pid `undefined`: see generate.ts.
answer(Path, ignore) ->
    [{_, Attempts}] = ets:lookup(otp_attempts, Path),
    case Attempts > 1 andalso nature(parent(Path)) =:= simple_one_for_one of true -> error; false -> ignore end;
answer(_, Verdict) -> Verdict.

current(Path) -> [Pid || {_, Pid, _} <- ets:lookup(otp_current, Path)].

gate() ->
    case ets:tab2list(otp_gates) of
        [] -> none;
        [Gate | _] -> Gate
    end.

%% `quiet` when no start is under way; `{waits, Child}` for the supervisor that waits for the start of this child, be it
%% that the child is a supervisor, and waits for one below it. Everybody else is not to be disturbed meanwhile, `apart`:
%% two supervisors would have something to do at once, and whether one stops the other before that is a matter of chance.
mode(Supervisor) ->
    case gate() of
        none -> quiet;
        {Path, _} -> waits(Supervisor, Path)
    end.

waits(Supervisor, Path) ->
    Parent = parent(Path),
    case Parent =:= <<>> orelse is_up(Parent) orelse parent(Parent) =:= <<>> of
        true when Parent =:= Supervisor -> {waits, Path};
        true -> apart;
        false -> waits(Supervisor, Parent)
    end.

is_up(Path) -> [up || Pid <- current(Path), ets:member(otp_up, Pid)] =/= [].

parent(Path) ->
    case binary:split(Path, <<"/">>, [global]) of
        [_] -> <<>>;
        Parts -> iolist_to_binary(lists:join(<<"/">>, lists:droplast(Parts)))
    end.

%% A worker, or the strategy of a supervisor, which may be dead.
nature(Path) -> [{_, _, Nature}] = ets:lookup(otp_current, Path), Nature.
is_group(Path) -> lists:member(nature(Path), [one_for_all, rest_for_one]).

die(Supervisor, Pid, Mode, Living) ->
    CanEnd = case ets:lookup(otp_up, Pid) of [{_, _, _, Can}] -> Can; [] -> true end,
    case {is_group(Supervisor), Mode, CanEnd} of
        {true, _, _} -> kill(Pid, Living);
        {false, quiet, false} -> kill(Pid, Living);
        %% Which of several attempts is the one too many depends on how long each takes, when they go on side by side.
        {false, quiet, true} -> kill(Pid, case lists:any(fun fails_again/1, Living) of true -> [hd(Living)]; false -> Living end);
        %% Reeve handles the deaths of independent children at once, while another's start is under way. In a first start
        %% it waits for who is restarted then, and one that gives up interrupts that start.
        {false, {waits, _}, false} -> case is_up(Supervisor) of true -> kill(Pid, Living); false -> left_out end;
        {false, {waits, _}, true} -> left_out
    end.

fails_again({Path, _, _}) ->
    [{_, Attempts}] = ets:lookup(otp_attempts, Path),
    [{_, Script}] = ets:lookup(otp_scripts, Path),
    length(Script) > Attempts andalso lists:any(fun(Verdict) -> Verdict =/= ok end, lists:nthtail(Attempts, Script)).

%% At the same moment: their supervisor hears of the first when all are dead.
kill(Supervisor, Living) ->
    erlang:suspend_process(Supervisor),
    [begin Pid ! {die, How}, settle() end || {_, Pid, How} <- Living],
    erlang:resume_process(Supervisor),
    touch([Path || {Path, _, _} <- Living]),
    {die, [{Path, How} || {Path, _, How} <- Living]}.

call(Supervisor, Pid, Mode, Request, Number) ->
    {Function, Argument} = Request,
    Child = tree:path(Supervisor, id(Argument)),
    %% Reeve interrupts a start that is under way when independent children are concerned; OTP waits for it.
    IsInterrupted = Function =:= terminate_child andalso Mode =:= {waits, Child} andalso not is_group(Supervisor),
    case IsInterrupted orelse is_ahead(Supervisor, Mode, Child) of
        true -> left_out;
        false ->
            case arguments(Function, Argument, Supervisor, Pid, nature(Supervisor)) of
                none -> left_out;
                Arguments ->
                    touch([Child || Argument =/= none]),
                    ask(Number, Function, [Pid | Arguments]),
                    {call, Number, Supervisor}
            end
    end.

%% While one of independent children is waited for, Reeve does at once what concerns another, which OTP does later: it
%% may come to the same when it is one thing, but a second thing then finds another child there.
is_ahead(Supervisor, Mode, Child) ->
    Mode =/= quiet andalso Mode =/= {waits, Child} andalso ets:member(otp_touched, Child) andalso not is_group(Supervisor).

touch(Children) -> [ets:insert(otp_touched, {Child}) || Child <- Children].

number(Id) -> binary_to_integer(lists:last(binary:split(Id, <<".">>))).

id(none) -> <<>>;
id(Id) when is_binary(Id) -> Id;
id(Child) -> element(1, Child).

%% OTP names dynamic children by their pids.
arguments(start_child, _, _, Pid, simple_one_for_one) -> [[ets:update_counter(otp_numbers, Pid, 1, {Pid, 0})]];
arguments(start_child, Child, Supervisor, _, _) -> [tree:child_spec(Supervisor, Child)];
arguments(terminate_child, Id, Supervisor, Pid, simple_one_for_one) ->
    %% To OTP any dead process is a child that is down, even one of an earlier supervisor's; Reeve numbers them anew.
    Last = case ets:lookup(otp_numbers, Pid) of [] -> 0; [{_, Number}] -> Number end,
    case [Child || Child <- current(tree:path(Supervisor, Id)), number(Id) =< Last] of [] -> none; Children -> Children end;
arguments(_, Id, _, _, _) -> [Id].

ask(Number, Function, Arguments) ->
    spawn_opt(fun() ->
        Outcome = try outcome(apply(supervisor, Function, Arguments)) catch exit:_ -> not_running end,
        ets:insert(otp_outcomes, {Number, Outcome})
    end, [{priority, high}]).

outcome(ok) -> ok;
outcome({ok, undefined}) -> ignored;
outcome({ok, Pid}) when is_pid(Pid) -> ok;
outcome({error, {already_started, _}}) -> already_started;
outcome({error, simple_one_for_one}) -> dynamic;
outcome({error, Error}) when Error =:= already_present; Error =:= not_found; Error =:= running; Error =:= restarting -> Error;
outcome({error, _}) -> failed.

%%% What is there to be seen after a step.

step(Applied) ->
    settle(),
    Entries = [Entry || {_, Entry} <- lists:keysort(1, ets:tab2list(otp_log))],
    Outcomes = ets:tab2list(otp_outcomes),
    gate() =:= none andalso ets:delete_all_objects(otp_touched),
    ets:delete_all_objects(otp_log),
    ets:delete_all_objects(otp_outcomes),
    Looks = [look(Pid, Path, mode(Path)) || {Pid, Path, _, _} <- ets:tab2list(otp_up), is_process_alive(Pid)],
    [Applied, Entries, Outcomes, Looks, [Path || {Path, _} <- ets:tab2list(otp_gates)]].

%% Who waits for a start cannot answer.
look(_Pid, Path, {waits, _}) -> [Path, waits];
look(Pid, Path, _) ->
    Which = [seen(Id, Child) || {Id, Child, _, _} <- supervisor:which_children(Pid)],
    Count = supervisor:count_children(Pid),
    [Path, Which, [proplists:get_value(Key, Count) || Key <- [specs, active, supervisors, workers]]].

seen(Id, Child) when is_pid(Child) ->
    [{_, Path, Incarnation}] = ets:lookup(otp_pids, Child),
    [case Id of undefined -> lists:last(binary:split(Path, <<"/">>, [global])); _ -> Id end, Incarnation];
seen(Id, State) -> [Id, State].

json(Value) when is_integer(Value) -> integer_to_list(Value);
json(Value) when is_atom(Value) -> [$", atom_to_list(Value), $"];
json(Value) when is_binary(Value) -> [$", Value, $"];
json(Value) when is_tuple(Value) -> json(tuple_to_list(Value));
json(Value) when is_list(Value) -> [$[, lists:join($,, [json(Item) || Item <- Value]), $]].

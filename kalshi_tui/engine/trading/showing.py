"""Trading as views: orders, fills, positions, and whether orders may be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kalshi_tui.core.newyork import day_of
from kalshi_tui.core.positions import Position
from kalshi_tui.core.units import Money, Size
from kalshi_tui.engine.trading.held_orders import KnownFill
from kalshi_tui.engine.trading.order import HeldOrder
from kalshi_tui.link import trading as link
from kalshi_tui.link.keys import FillsKey, OrdersKey
from kalshi_tui.sdk.risk import Exposure, RiskCheck, RiskPicture, Usage

if TYPE_CHECKING:
    from kalshi_tui.engine.trading.desk import Desk

_NONE = Size(0)


class Showing:
    """Makes the views of trading."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def orders(self, key: OrdersKey) -> link.OrdersView:
        """Return orders, those that work before all others, the newest first."""
        ledger = self._desk.ledger
        working = sorted(ledger.working(key.ticker), key=_newest)
        rows = working[: key.count]
        if not key.only_working and len(rows) < key.count:
            for order in reversed(ledger.orders.values()):
                if not order.is_working and key.ticker in ("", order.ticker):
                    rows.append(order)
                    if len(rows) >= key.count:
                        break
        return link.OrdersView(
            tuple(_order_row(order) for order in rows),
            working=len(working),
            unknown=sum(order.state == "unknown" for order in working),
            total=len(ledger.orders),
        )

    def fills(self, key: FillsKey) -> link.FillsView:
        """Return fills, the newest first."""
        ledger = self._desk.ledger
        found = [known for known in ledger.fills.values() if key.ticker in ("", known.fill.ticker)]
        found.sort(key=lambda known: (-known.fill.ts_ms, known.fill.trade_id))
        rows = tuple(self._fill_row(known) for known in found[: key.count])
        return link.FillsView(rows, len(found))

    def positions(self) -> link.PositionsView:
        """Return the portfolio."""
        desk = self._desk
        tickers = desk.ledger.tickers()
        closed = [t for (t, _), p in desk.ledger.portfolio.positions().items() if not p.size and t not in tickers]
        rows = [self._position_row(ticker) for ticker in (*tickers, *closed[-50:])]
        everything = desk.ledger.portfolio.positions().values()
        unrealised = [row.unrealised for row in rows if row.size]
        return link.PositionsView(
            rows=tuple(rows),
            events=self._events([row for row in rows if row.size]),
            profits=self._profits(),
            cash=desk.cash.balance(),
            free=desk.cash.free(),
            by_shard=tuple(sorted(desk.ledger.cash_by_shard().items())),
            realised=Money(sum(position.realised for position in everything)),
            unrealised=None if None in unrealised else Money(sum(worth or 0 for worth in unrealised)),
            fees=Money(sum(position.fees for position in everything)),
            day=desk.day.result(),
            worst=Money(sum(row.worst for row in rows)),
            told=desk.cash.told,
            told_ms=desk.cash.told_ms or None,
        )

    def trading(self) -> link.TradingView:
        """Return whether orders may be sent."""
        desk, ledger = self._desk, self._desk.ledger
        state, reason = desk.kills.state()
        working = list(ledger.working())
        held = desk.breakers.held() | {ticker: entry.reason for ticker, entry in ledger.halted.items()}
        return link.TradingView(
            state=state,
            reason=reason,
            mode=desk.mode,
            is_live=desk.rules.is_real_money and desk.rules.execution == "live",
            armed_until_ms=ledger.armed_until_ms if state == "active" else None,
            arm_phrase=desk.kills.arm_phrase(),
            reset_phrase=desk.rules.reset_phrase if state == "killed" else "",
            kill=desk.kills.row(),
            differences=tuple(
                link.DifferenceRow(d.number, d.at_ms, d.ticker, d.words) for d in ledger.differences.values()
            ),
            limits=self._limits(),
            paused=tuple(f"{ticker or 'everything'}: {words}" for ticker, words in held.items()),
            working=len(working),
            unknown=sum(order.state == "unknown" for order in working),
            in_flight=sum(order.is_in_flight for order in working),
            orders_today=ledger.orders_on(day_of(desk.now_ms)),
            day=desk.day.result(),
            day_limit=desk.rules.daily_loss,
            reviewed_h=round((ledger.reviewed_ms + desk.rules.reviewed_ms) / 3_600_000, 1),
            write_tokens=desk.write_tokens,
            journal=desk.journal_problem,
            reconciled_ms=desk.reconciled_ms,
            now_ms=desk.now_ms,
        )

    def _limits(self) -> tuple[link.LimitRow, ...]:
        """Return how much of the limits is used by what is there."""
        desk = self._desk
        worst = Money(sum(desk.risk.worst(ticker) for ticker in desk.ledger.tickers()))
        nothing = Exposure("", Money(0), Money(0))
        picture = RiskPicture(
            ticker="",
            event_ticker="",
            series_ticker="",
            side="bid",
            price=0,  # type: ignore[arg-type]  # of nothing
            size=_NONE,
            adds_risk=False,
            at_risk=Money(0),
            held=_NONE,
            worst_size=_NONE,
            market=nothing,
            event=nothing,
            groups=(),
            total=Exposure("total", worst, worst),
            sets_before=len({desk.event_of(ticker) for ticker in desk.ledger.tickers()}),
            sets_after=0,
            orders_today=desk.ledger.orders_on(day_of(desk.now_ms)),
            balance=desk.cash.balance(),
            day_result=desk.day.result(),
            is_live=desk.rules.is_real_money,
            live_days=None,
        )
        rows = []
        for check in desk.gate.risk_checks:
            usage = _usage(check, picture)
            if usage is not None:
                rows.append(link.LimitRow(usage.name, usage.used, usage.limit, usage.unit))
        return tuple(rows)

    def _fill_row(self, known: KnownFill) -> link.FillRow:
        fill, order = known.fill, self._desk.ledger.orders[known.number]
        return link.FillRow(
            fill.trade_id,
            order.number,
            fill.ticker,
            fill.side,
            fill.price,
            fill.size,
            fill.fee,
            known.predicted,
            fill.is_taker,
            fill.ts_ms,
            order.strategy,
        )

    def _position_row(self, ticker: str) -> link.PositionRow:
        desk = self._desk
        position = desk.risk.position(ticker)
        exit_value = desk.day.mark(ticker, position) if position.size else None
        known = desk.kernel.catalogue.get(ticker)
        working = list(desk.ledger.working(ticker))
        settled = desk.ledger.settled.get(ticker)
        return link.PositionRow(
            ticker=ticker,
            event_ticker=desk.event_of(ticker),
            title=str.__str__(known.market.yes_title or known.market.title) if known is not None else "",
            size=position.size,
            average=position.average_price,
            cost=position.cost,
            realised=position.realised,
            fees=position.fees,
            exit_value=exit_value,
            unrealised=None if exit_value is None else Money(exit_value - position.cost),
            if_yes=_result(position, "yes"),
            if_no=_result(position, "no"),
            bids_working=Size(sum(order.open_size for order in working if order.side == "bid")),
            asks_working=Size(sum(order.open_size for order in working if order.side == "ask")),
            worst=desk.risk.worst(ticker),
            settled=settled.result if settled is not None else "",
        )

    def _events(self, rows: list[link.PositionRow]) -> tuple[link.EventRow, ...]:
        return tuple(
            self._event(event, [row for row in rows if row.event_ticker == event])
            for event in dict.fromkeys(row.event_ticker for row in rows)
        )

    def _event(self, event_ticker: str, rows: list[link.PositionRow]) -> link.EventRow:
        from kalshi_tui.core import payoffs  # noqa: PLC0415 - see below

        desk = self._desk
        catalogue = desk.kernel.catalogue
        event = catalogue.event_of(rows[0].ticker)
        markets = [known.market for row in rows if (known := catalogue.get(row.ticker)) is not None]
        title = str.__str__(event.title) if event is not None else event_ticker
        if len(markets) < len(rows):  # the list of markets is being read, or has lost one
            return link.EventRow(event_ticker, title, (), is_whole=False)
        found = payoffs.outcomes(markets, mutually_exclusive=event is not None and event.mutually_exclusive)
        positions = [desk.risk.position(row.ticker) for row in rows]
        outcomes = [link.OutcomeRow(row.words, payoffs.result(positions, row)) for row in found.rows]
        outcomes.sort(key=lambda outcome: outcome.result)
        return link.EventRow(event_ticker, title, tuple(outcomes[:20]), is_whole=found.is_whole)

    def _profits(self) -> tuple[link.ProfitRow, ...]:
        """Return what each strategy's own fills come to, counted apart."""
        ledger = self._desk.ledger
        by_strategy: dict[str, dict[str, Position]] = {}
        counts: dict[str, int] = {}
        for known in sorted(ledger.fills.values(), key=lambda known: (known.fill.ts_ms, known.fill.trade_id)):
            order = ledger.orders[known.number]
            name = " / ".join(part for part in (order.strategy or "by hand", order.opportunity) if part)
            positions = by_strategy.setdefault(name, {})
            ticker = known.fill.ticker
            positions[ticker] = positions.get(ticker, Position(ticker)).with_fill(known.fill)
            counts[name] = counts.get(name, 0) + 1
        rows = []
        for name, positions in by_strategy.items():
            ended = [self._ended(position) for position in positions.values()]
            realised, fees = sum(position.realised for position in ended), sum(position.fees for position in ended)
            rows.append(link.ProfitRow(name, Money(realised), Money(fees), counts[name]))
        return tuple(rows)

    def _ended(self, position: Position) -> Position:
        settled = self._desk.ledger.settled.get(position.ticker)
        if settled is None:
            return position
        return position.settled("scalar", settled.value) if settled.value is not None else position


def _usage(check: RiskCheck, picture: RiskPicture) -> Usage | None:
    """Ask a check how much is used; of one that raises nothing is shown, and what adds risk it denies all the same."""
    try:
        return check.usage(picture)
    except Exception:  # noqa: BLE001 - whatever a check raises, the engine goes on
        return None


def _order_row(order: HeldOrder) -> link.OrderRow:
    return link.OrderRow(
        number=order.number,
        order_id=order.order_id,
        client_order_id=order.client_order_id,
        ticker=order.ticker,
        side=order.side,
        price=order.price,
        size=order.size,
        filled=order.filled,
        remaining=order.open_size if order.is_working else _NONE,
        state=order.state,
        origin=order.origin,
        is_in_flight=order.is_in_flight,
        time_in_force=order.time_in_force,
        post_only=order.post_only,
        reduce_only=order.reduce_only,
        expiration_ms=order.expiration_ms,
        average=order.average,
        fees=order.fees,
        reason=order.reason,
        placed_ms=order.placed_ms,
        changed_ms=order.changed_ms,
        strategy=order.strategy,
    )


def _newest(order: HeldOrder) -> int:
    return -order.number


def _result(position: Position, result: str) -> Money:
    settled = position.settled("yes" if result == "yes" else "no") if position.size else position
    return Money(settled.realised - settled.fees)
